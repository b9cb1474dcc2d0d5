#include "store/sqlite/failure.h"

#include <sqlite3.h>

#include <new>
#include <string>

#include "base/log.h"
#include "store/sql_log.h"

namespace orc::sqlite {
namespace {

// What may pass by itself or by an operator's hand. The low byte of a result code is its primary code.
bool MayPass(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS: return true;
    default: return false;
  }
}

Error Unavailable(const std::string& reason) {
  return Fail(ErrorKind::kUnavailable, "storage is not available: " + reason + "; try again later").value();
}

}  // namespace

Error ToError(const std::exception& exception) {
  if (const auto* failure = dynamic_cast<const SQLite::Exception*>(&exception)) {
    LogSqlError(std::to_string(failure->getExtendedErrorCode()), failure->what());
    if (MayPass(failure->getErrorCode())) return Unavailable(sqlite3_errstr(failure->getErrorCode()));
  }
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) return Unavailable("out of memory");
  Log(LogLevel::kError, "stored data cannot be understood", {{"error", exception.what()}});
  return Fail(ErrorKind::kInternal, "stored data cannot be understood").value();
}

}  // namespace orc::sqlite
