#include "store/sqlite/failure.h"

#include <sqlite3.h>

#include <string>

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

}  // namespace

Error ToError(const std::exception& exception) {
  if (const auto* failure = dynamic_cast<const SQLite::Exception*>(&exception)) {
    LogSqlError(std::to_string(failure->getExtendedErrorCode()), failure->what());
    if (MayPass(failure->getErrorCode())) return StorageUnavailable(sqlite3_errstr(failure->getErrorCode()));
  }
  return UnexpectedError(exception);
}

}  // namespace orc::sqlite
