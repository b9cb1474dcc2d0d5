// The log of the process: one record per call, written by the sink the program has installed. Until one is installed,
// records of level info and above go to stderr as plain text, so that tests and early failures are readable.
//
// Thread-safe, except InstallLogSink. A sink that throws loses its record and harms nobody else: logging never fails.
// Records never carry secrets or whole messages of clients.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orc {

// In order of weight. kOff is a threshold only ("write nothing"); a record of that level is never written.
enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kFatal, kOff };

using LogField = std::pair<std::string_view, std::string>;

// Writes one record. Called from any thread, several at a time; the arguments live only as long as the call.
using LogSink = std::function<void(LogLevel level, std::string_view message, std::span<const LogField> fields)>;

// From now on records of `threshold` and above go to `sink`. To be called while no other thread logs: at the start of
// the program, or of a test.
void InstallLogSink(LogLevel threshold, LogSink sink);

void Log(LogLevel level, std::string_view message, std::span<const LogField> fields);
inline void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(level, message, std::span(fields.begin(), fields.size()));
}

// Whether a record of `level` would be written: for records that are costly to make.
bool LogEnabled(LogLevel level);

}  // namespace orc
