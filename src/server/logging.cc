#include "server/logging.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "domain/text.h"

namespace orc {
namespace {

struct LevelForm {
  std::string_view name;
  std::string_view readable;
  std::string_view colour;  // escape sequence
};

const LevelForm& Form(LogLevel level) {
  static constexpr std::array<LevelForm, 7> kForms{{{"trace", "TRACE", "\x1b[90m"},
                                                    {"debug", "DEBUG", "\x1b[36m"},
                                                    {"info", "INFO ", "\x1b[32m"},
                                                    {"warn", "WARN ", "\x1b[33m"},
                                                    {"error", "ERROR", "\x1b[31m"},
                                                    {"fatal", "FATAL", "\x1b[1;31m"},
                                                    {"off", "OFF  ", ""}}};
  return kForms.at(static_cast<size_t>(level));
}

// RFC 3339 with whole seconds in the local time zone.
std::string TimeText(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local = {};
  localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
  if (local.tm_gmtoff == 0) return std::string(text.data()) + "Z";
  const long minutes = std::abs(local.tm_gmtoff) / 60;
  return fmt::format("{}{}{:02}:{:02}", text.data(), local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string Cut(std::string_view text) {
  std::string cut(text.substr(0, kMaxLogTextBytes));
  return text.size() > kMaxLogTextBytes ? cut + "…" : cut;
}

std::string JsonText(std::string_view text) {
  return nlohmann::json(Cut(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// `message` without the quotes that only an unquoted text needs.
std::string Readable(std::string_view message) {
  const std::string quoted = Quote(Cut(message));
  const std::string_view inner = std::string_view(quoted).substr(1, quoted.size() - 2);
  return std::string(inner.find('\\') == std::string_view::npos ? inner : std::string_view(quoted));
}

}  // namespace

std::string JsonRecord(LogLevel level, std::string_view message, std::span<const LogField> fields,
                       std::chrono::system_clock::time_point time) {
  std::string record = R"({"level":")" + std::string(Form(level).name) + "\"";
  for (const auto& [name, value] : fields) record += "," + JsonText(name) + ":" + JsonText(value);
  return record + ",\"time\":\"" + TimeText(time) + "\",\"message\":" + JsonText(message) + "}";
}

std::string ReadableRecord(LogLevel level, std::string_view message, std::span<const LogField> fields,
                           std::chrono::system_clock::time_point time, bool colours) {
  const LevelForm& form = Form(level);
  std::string record = TimeText(time) + " ";
  record += colours ? fmt::format("{}{}\x1b[0m", form.colour, form.readable) : std::string(form.readable);
  record += " " + Readable(message);
  for (const auto& [name, value] : fields) record += fmt::format(" {}={}", name, Quote(Cut(value)));
  return record;
}

void InstallLogging(LogLevel threshold) {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const char* const no_colour = std::getenv("NO_COLOR");
  const bool colours = no_colour == nullptr || *no_colour == '\0';
  const auto logger = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  InstallLogSink(threshold, [=](LogLevel level, std::string_view message, std::span<const LogField> fields) {
    const auto now = std::chrono::system_clock::now();
    const std::string record =
        terminal ? ReadableRecord(level, message, fields, now, colours) : JsonRecord(level, message, fields, now);
    logger->log(spdlog::level::info, record);
  });
}

}  // namespace orc
