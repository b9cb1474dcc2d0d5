// With which number the program ends. docs/reference/exit-codes.md has a paragraph on each; numbers never change.
#pragma once

namespace orc {

enum class ExitCode {
  kDone = 0,   // it did what it was told to, or was told to stop
  kSetUp = 1,  // the command line, a setting, the channel file or a certificate has to be mended first
  kStore = 2,  // the data folder or the database cannot be used, or its schema does not fit
  kPort = 3,   // an address cannot be listened on
};

}  // namespace orc
