// The lines of the `check` command, as they are found. Not thread-safe.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "server/exit_code.h"

namespace orc {

class CheckReport {
 public:
  explicit CheckReport(std::ostream& out) : out_(out) {}

  // From now on the lines are about `subject`, which outlives the report.
  void Begin(std::string_view subject) { subject_ = subject; }

  void Fine(std::string_view text) { Line("fine   ", text); }
  void Warn(std::string_view text) {
    ++warnings_;
    Line("warning", text);
  }
  void Wrong(std::string_view text, ExitCode code) {
    ++wrong_;
    if (code_ == ExitCode::kDone) code_ = code;
    Line("wrong  ", text);
  }

  // Prints the sum; the code of the first thing that is wrong.
  ExitCode End();

 private:
  void Line(std::string_view what, std::string_view text);

  std::ostream& out_;
  std::string_view subject_;
  int warnings_ = 0;
  int wrong_ = 0;
  ExitCode code_ = ExitCode::kDone;
};

}  // namespace orc
