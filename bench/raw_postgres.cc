#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "measure.h"
#include "raw_rows.h"

namespace bench {
namespace {

constexpr size_t kFewRows = 200;  // that one text of INSERTs takes to the database sooner than several COPYs

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

class Database {
 public:
  explicit Database(const std::string& target) : connection_(PQconnectdb(target.c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) Fail(target);
    Run("SET client_min_messages = warning");
  }

  Answer Run(const std::string& sql) {
    Answer answer(PQexec(connection_.get(), sql.c_str()), &PQclear);
    if (PQresultStatus(answer.get()) == PGRES_FATAL_ERROR) Fail(sql);
    return answer;
  }

  // The rows of a table in the text form of COPY.
  std::vector<std::string> CopyOut(const std::string& table) {
    Run("COPY " + table + " TO STDOUT");
    std::vector<std::string> rows;
    char* row = nullptr;
    for (int size = 0; (size = PQgetCopyData(connection_.get(), &row, 0)) > 0; PQfreemem(row))
      rows.emplace_back(row, size);
    End("COPY " + table);
    return rows;
  }

  void CopyIn(const std::string& table, const std::vector<std::string>& rows, size_t begin, size_t end) {
    Run("COPY " + table + " FROM STDIN");
    std::string part;
    for (size_t i = begin; i < end; ++i) part += rows[i];
    if (PQputCopyData(connection_.get(), part.data(), static_cast<int>(part.size())) != 1 ||
        PQputCopyEnd(connection_.get(), nullptr) != 1) {
      Fail(table);
    }
    End("COPY " + table);
  }

 private:
  void End(const std::string& what) {
    const Answer answer(PQgetResult(connection_.get()), &PQclear);
    if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) Fail(what);
    while (const Answer rest{PQgetResult(connection_.get()), &PQclear}) {
    }
  }

  [[noreturn]] void Fail(const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", what.c_str(), PQerrorMessage(connection_.get()));
    std::exit(1);
  }

  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

struct Table {
  std::string name;
  std::vector<std::string> rows;    // as COPY takes them
  std::vector<std::string> values;  // the same, as INSERT takes them
};

// The rows of a table as lists of literals.
std::vector<std::string> ValuesOf(Database& database, const std::string& table) {
  const Answer columns = database.Run(
      "SELECT string_agg(format('quote_nullable(%I::text)', attname), ',' ORDER BY attnum) "
      "FROM pg_attribute WHERE attnum > 0 AND attrelid = '" +
      table + "'::regclass");
  const Answer rows = database.Run("SELECT '(' || concat_ws(',', " + std::string(PQgetvalue(columns.get(), 0, 0)) +
                                   ") || ')' FROM " + table);
  std::vector<std::string> values;
  for (int i = 0; i < PQntuples(rows.get()); ++i) values.emplace_back(PQgetvalue(rows.get(), i, 0));
  return values;
}

// The rows of one of the parts, in one commit: in one round trip if they are few.
void CopyPart(Database& database, const std::vector<Table>& tables, size_t part, size_t parts, bool few) {
  std::string sql = "BEGIN;";
  if (!few) database.Run(sql);
  for (const Table& table : tables) {
    const size_t begin = table.rows.size() * part / parts;
    const size_t end = table.rows.size() * (part + 1) / parts;
    if (begin == end) continue;
    if (!few) {
      database.CopyIn(table.name, table.rows, begin, end);
      continue;
    }
    sql += "INSERT INTO " + table.name + " OVERRIDING SYSTEM VALUE VALUES " + table.values[begin];
    for (size_t i = begin + 1; i < end; ++i) sql += "," + table.values[i];
    sql += ";";
  }
  database.Run(few ? sql + "COMMIT" : "COMMIT");
}

}  // namespace

void CopyPostgres(const std::string& target, const std::string& schema, size_t parts) {
  Database database(target);
  database.Run("DROP SCHEMA IF EXISTS raw_limit CASCADE");
  database.Run("CREATE SCHEMA raw_limit");
  const Answer names = database.Run("SELECT tablename FROM pg_tables WHERE schemaname = '" + schema + "'");
  std::vector<Table> tables;
  size_t rows = 0;
  for (int i = 0; i < PQntuples(names.get()); ++i) {
    const std::string name = PQgetvalue(names.get(), i, 0);
    database.Run("CREATE TABLE raw_limit." + name + " (LIKE " + schema + "." + name + " INCLUDING ALL)");
    const std::string from = schema + "." + name;
    tables.push_back({"raw_limit." + name, database.CopyOut(from), ValuesOf(database, from)});
    rows += tables.back().rows.size();
  }
  const Measurement measurement("raw rows", parts, "commits");
  Outcome outcome;
  for (; outcome.calls < parts; ++outcome.calls) {
    const auto before = Clock::now();
    CopyPart(database, tables, outcome.calls, parts, rows / parts <= kFewRows);
    outcome.latencies.Add(SecondsSince(before) * 1000);
  }
  outcome.seconds = measurement.Seconds();
  measurement.PrintRate("rows/s", rows, outcome);
  database.Run("DROP SCHEMA raw_limit CASCADE");
}

}  // namespace bench
