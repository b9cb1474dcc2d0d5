#include "base/log.h"

#include <spdlog/fmt/fmt.h>

#include <atomic>
#include <cstdio>
#include <exception>

namespace orc {
namespace {

void WritePlainLine(LogLevel, std::string_view message, std::span<const LogField> fields) {
  std::string line(message);
  for (const auto& [name, value] : fields) line += fmt::format(" {}={}", name, value);
  fmt::print(stderr, "{}\n", line);
}

struct Installed {
  std::atomic<LogLevel> threshold{LogLevel::kInfo};
  LogSink sink = WritePlainLine;
};

// Never destroyed: threads that outlive main() may still log.
Installed& Current() {
  static auto* installed = new Installed;
  return *installed;
}

}  // namespace

void InstallLogSink(LogLevel threshold, LogSink sink) {
  Current().sink = std::move(sink);
  Current().threshold = threshold;
}

bool LogEnabled(LogLevel level) {
  return level != LogLevel::kOff && level >= Current().threshold;
}

void Log(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  if (!LogEnabled(level)) return;
  try {
    Current().sink(level, message, fields);
  } catch (const std::exception&) {
    // Out of memory or a closed stderr: there is nowhere to say it, and no call may fail for want of a log line.
  }
}

}  // namespace orc
