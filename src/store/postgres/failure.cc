#include "store/postgres/failure.h"

#include <array>

#include "base/log.h"
#include "store/sql_log.h"

namespace orc::postgres {
namespace {

struct Meaning {
  std::string_view state;  // the beginning of a SQLSTATE
  const char* reason;
  bool ends_connection;  // another connection may find a better server
};

// What may pass. The longest beginnings come first.
constexpr std::array kMayPass = {
    Meaning{"25006", "the database is read-only", true},
    Meaning{"25P02", "the database has taken the transaction back", true},
    Meaning{"25P03", "the transaction took too long", true},
    Meaning{"57014", "the database took too long", false},
    Meaning{"55P03", "another writer holds the channel", false},
    Meaning{"57P", "the database is stopping or starting", true},
    Meaning{"3D000", "the database does not exist", true},
    Meaning{"3F000", "the database has no schema yet; run `orchestrator migrate`", false},
    Meaning{"42P01", "the database has no schema yet; run `orchestrator migrate`", false},
    Meaning{"42501", "the database refuses the rights that are needed", false},
    Meaning{"08", "the connection to the database was lost", true},
    Meaning{"28", "the database refuses the login", true},
    Meaning{"40", "the database has taken the transaction back", false},
    Meaning{"53", "the database has run out of space, memory or connections", false},
    Meaning{"58", "the system under the database fails", false},
};

std::string Field(const PGresult* result, int field) {
  const char* const text = PQresultErrorField(result, field);
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

Failure Lost(std::string_view detail) {
  Log(LogLevel::kWarn, "the connection to the database was lost", {{"error", std::string(detail)}});
  return Failure(StorageUnavailable("the connection to the database was lost"), true);
}

Failure Refused(const PGresult* result) {
  const std::string state = Field(result, PG_DIAG_SQLSTATE);
  const std::string detail = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  // A result without a state was made by the client's library: it has lost the connection.
  if (state.empty()) return Lost(PQresultErrorMessage(result));
  LogSqlError(state, detail);
  for (const Meaning& meaning : kMayPass) {
    if (state.starts_with(meaning.state)) {
      return Failure(StorageUnavailable(meaning.reason), meaning.ends_connection);
    }
  }
  return Damaged(state + " " + detail);
}

Failure Damaged(std::string_view detail) {
  return Failure(StorageDamaged(detail));
}

Error ToError(const std::exception& exception) {
  if (const auto* failure = dynamic_cast<const Failure*>(&exception)) return failure->error;
  return UnexpectedError(exception);
}

}  // namespace orc::postgres
