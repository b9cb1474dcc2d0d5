#include "store/sql_log.h"

#include <atomic>

#include "base/log.h"

namespace orc {
namespace {

std::atomic<bool> statements_are_logged{false};

}  // namespace

void LogStatements(bool on) {
  statements_are_logged = on;
}

void LogSql(std::string_view sql) {
  if (!statements_are_logged.load(std::memory_order_relaxed) || !LogEnabled(LogLevel::kDebug)) return;
  Log(LogLevel::kDebug, "SQL", {{"msg", "statement"}, {"sql", std::string(sql)}});
}

void LogSqlError(std::string_view code, std::string_view error) {
  Log(LogLevel::kError, "SQL", {{"msg", "refused"}, {"code", std::string(code)}, {"err", std::string(error)}});
}

}  // namespace orc
