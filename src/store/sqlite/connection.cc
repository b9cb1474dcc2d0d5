#include "store/sqlite/connection.h"

#include <sqlite3.h>

#include "store/sql_log.h"
#include "store/sqlite/failure.h"

namespace orc::sqlite {
namespace {

int OpenFlags(Connection::Mode mode) {
  // One thread at a time uses a connection, so SQLite's own lock per connection is left out.
  const int access =
      mode == Connection::Mode::kWriter ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  return access | SQLITE_OPEN_NOMUTEX;
}

// A channel at rest should cost little memory: cache sizes are upper bounds, in KiB when negative.
constexpr char kWriterSettings[] =
    "PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF;"
    "PRAGMA secure_delete=OFF; PRAGMA cache_size=-16384; PRAGMA journal_size_limit=33554432; PRAGMA temp_store=MEMORY;";
constexpr char kReaderSettings[] =
    "PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-2048; PRAGMA "
    "temp_store=MEMORY;";

}  // namespace

Connection::Connection(const std::string& path, Mode mode, int32_t busy_wait_ms)
    : database_(path, OpenFlags(mode), busy_wait_ms) {
  sqlite3_extended_result_codes(database_.getHandle(), 1);
  database_.exec(mode == Mode::kWriter ? kWriterSettings : kReaderSettings);
}

SQLite::Statement& Connection::Prepared(std::string_view sql) {
  LogSql(sql);
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    std::string text(sql);
    SQLite::Statement statement(database_, text);
    found = statements_.emplace(std::move(text), std::move(statement)).first;
  }
  return found->second;
}

void Connection::Run(std::string_view sql) {
  Use(*this, sql).Run();
}

bool Connection::TryRun(std::string_view sql) noexcept {
  try {
    Run(sql);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

bool Connection::InTransaction() const noexcept {
  return sqlite3_get_autocommit(database_.getHandle()) == 0;
}

void Use::Bind(int parameter, std::string_view bytes) {
  // A null pointer would bind NULL instead of no bytes.
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  statement_.bindNoCopy(parameter, data, static_cast<int>(bytes.size()));
}

int Use::Run() {
  if (statement_.executeStep()) throw Damaged("a statement that changes rows returned one");
  const int changed = statement_.getChanges();
  statement_.reset();
  return changed;
}

Key Use::AsKey(int column) const {
  const SQLite::Column value = statement_.getColumn(column);
  const auto* data = static_cast<const char*>(value.getBlob());
  const int size = value.getBytes();
  if (size != static_cast<int>(Key().bytes.size())) throw Damaged("a key does not have 16 bytes");
  return Key::FromRaw({data, static_cast<size_t>(size)});
}

}  // namespace orc::sqlite
