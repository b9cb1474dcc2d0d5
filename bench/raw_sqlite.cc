#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
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
  std::string name;
  std::vector<std::vector<Value>> rows;
};

Table Load(SQLite::Database& from, const std::string& name) {
  Table table{name, {}};
  SQLite::Statement select(from, "SELECT * FROM " + name);
  while (select.executeStep()) {
    auto& row = table.rows.emplace_back();
    for (int i = 0; i < select.getColumnCount(); ++i) {
      row.emplace_back(select.getColumn(i));
    }
  }
  return table;
}

// The rows of one of the parts, in one commit.
void CopyPart(SQLite::Database& to, const std::vector<Table>& tables, size_t part, size_t parts) {
  SQLite::Transaction transaction(to, SQLite::TransactionBehavior::IMMEDIATE);
  for (const Table& table : tables) {
    const size_t end = table.rows.size() * (part + 1) / parts;
    size_t i = table.rows.size() * part / parts;
    if (i == end) continue;
    std::string sql = "INSERT OR REPLACE INTO " + table.name + " VALUES (?";
    for (size_t column = 1; column < table.rows[i].size(); ++column) sql += ",?";
    SQLite::Statement insert(to, sql + ")");
    for (; i < end; ++i) {
      for (size_t column = 0; column < table.rows[i].size(); ++column) {
        table.rows[i][column].Bind(insert, static_cast<int>(column + 1));
      }
      insert.exec();
      insert.reset();
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
    tables.push_back(Load(from, schema.getColumn(1).getString()));
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
