// A file system for SQLite that fails when told to: a shim over the default one, under which every connection opened
// after Install() runs. Counts the writes and syncs of all files together. For tests of one thread.
#pragma once

#include <cstdint>

namespace orc {

struct Faults {
  int64_t operations = 0;  // writes and syncs since the start
  int64_t fail_at = -1;    // the operation that fails, in the count above; -1: none
  int64_t fail_count = 1;  // how many in a row fail from there on
  int code = 0;            // what they fail with, such as SQLITE_IOERR_FSYNC
};

// Makes the shim the default file system, once per process. The faults are its only ones.
Faults& InstallFaults();

}  // namespace orc
