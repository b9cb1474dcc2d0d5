#include "server/check_report.h"

#include <algorithm>
#include <cctype>

namespace orc {

ExitCode CheckReport::End() {
  const auto count = [](int number, const char* one, const char* many) {
    return std::to_string(number) + " " + (number == 1 ? one : many);
  };
  out_ << (wrong_ == 0 ? "ready to serve" : "not ready to serve") << ": "
       << count(wrong_, "thing is wrong", "things are wrong") << ", " << count(warnings_, "warning", "warnings")
       << '\n';
  return code_;
}

void CheckReport::Line(std::string_view what, std::string_view text) {
  std::string line(text);
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.pop_back();
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  out_ << what << "  " << subject_ << ": " << line << '\n';
}

}  // namespace orc
