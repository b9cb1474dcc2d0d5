// The form of log records and where they go (deployment.md 2.7): stderr, one JSON object per line, or readable lines
// when stderr is a terminal. Installing is for the start of the program; the rest are pure functions, thread-safe.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/log.h"

namespace orc {

// A longer message or field value is cut to this, with an ellipsis.
inline constexpr size_t kMaxLogTextBytes = size_t{8} * 1024;

// Sends records of `threshold` and above to stderr, each line whole and flushed at once. JSON, unless stderr is a
// terminal; colours there, unless NO_COLOR is set and not empty. Not thread-safe.
void InstallLogging(LogLevel threshold);

// `{"level":...,<fields>,"time":...,"message":...}`, without line end. Bytes that are not UTF-8 become U+FFFD.
std::string JsonRecord(LogLevel level, std::string_view message, std::span<const LogField> fields,
                       std::chrono::system_clock::time_point time);

// `<time> LEVEL message name="value"`, without line end. Control characters are escaped, so that no record can
// steer the terminal.
std::string ReadableRecord(LogLevel level, std::string_view message, std::span<const LogField> fields,
                           std::chrono::system_clock::time_point time, bool colours);

}  // namespace orc
