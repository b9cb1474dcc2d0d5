#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "measure.h"
#include "raw_rows.h"

namespace bench {
namespace {

struct Value {
  explicit Value(const SQLite::Column& column)
      : type(column.getType()), number(type == SQLITE_INTEGER ? column.getInt64() : 0), bytes(column.getString()) {}

  void Bind(SQLite::Statement& statement, int place) const {
    if (type == SQLITE_INTEGER) {
      statement.bind(place, number);
    } else if (type == SQLITE_TEXT) {
      statement.bindNoCopy(place, bytes);
    } else if (type == SQLITE_BLOB) {
      statement.bindNoCopy(place, bytes.data(), static_cast<int>(bytes.size()));
    } else {
      statement.bind(place);
    }
  }

  int type;  // the store has no fractions
  int64_t number;
  std::string bytes;
};

struct Table {
  std::vector<std::vector<Value>> rows;
  std::unique_ptr<SQLite::Statement> insert;
};

Table Load(SQLite::Database& from, SQLite::Database& to, const std::string& name) {
  Table table;
  SQLite::Statement select(from, "SELECT * FROM " + name);
  while (select.executeStep()) {
    auto& row = table.rows.emplace_back();
    for (int i = 0; i < select.getColumnCount(); ++i) row.emplace_back(select.getColumn(i));
  }
  std::string sql = "INSERT INTO " + name + " VALUES (?";
  for (int i = 1; i < select.getColumnCount(); ++i) sql += ",?";
  table.insert = std::make_unique<SQLite::Statement>(to, sql + ")");
  return table;
}

// The rows of one of the parts, in one commit.
void CopyPart(SQLite::Database& to, std::vector<Table>& tables, size_t part, size_t parts) {
  SQLite::Transaction transaction(to, SQLite::TransactionBehavior::IMMEDIATE);
  for (Table& table : tables) {
    const size_t end = table.rows.size() * (part + 1) / parts;
    for (size_t i = table.rows.size() * part / parts; i < end; ++i) {
      int place = 0;
      for (const Value& value : table.rows[i]) value.Bind(*table.insert, ++place);
      table.insert->exec();
      table.insert->reset();
    }
  }
  transaction.commit();
}

void Copy(const std::string& file, const std::string& path, size_t parts) {
  SQLite::Database from(file, SQLite::OPEN_READWRITE);
  SQLite::Database to(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  to.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384");
  std::vector<Table> tables;
  size_t rows = 0;
  SQLite::Statement schema(from, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL");
  while (schema.executeStep()) {
    to.exec(schema.getColumn(2).getString());
    if (schema.getColumn(0).getString() != "table") continue;
    tables.push_back(Load(from, to, schema.getColumn(1).getString()));
    rows += tables.back().rows.size();
  }
  const Measurement measurement("raw rows", parts, "commits");
  Outcome outcome;
  for (; outcome.calls < parts; ++outcome.calls) {
    const auto before = Clock::now();
    CopyPart(to, tables, outcome.calls, parts);
    outcome.latencies.Add(SecondsSince(before) * 1000);
  }
  outcome.seconds = measurement.Seconds();
  measurement.PrintRate("rows/s", rows, outcome);
}

}  // namespace

void CopySqlite(const std::string& file, const std::string& folder, size_t parts) {
  const std::string path = folder + "/raw-limit.db";
  try {
    Copy(file, path, parts);
  } catch (const SQLite::Exception& error) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), error.what());
    std::exit(1);
  }
  for (const char* const suffix : {"", "-wal", "-shm"}) unlink((path + suffix).c_str());
}

}  // namespace bench
