#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "measure.h"
#include "raw_rows.h"

namespace bench {
namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

class Database {
 public:
  explicit Database(const std::string& target) : connection_(PQconnectdb(target.c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) Fail(target);
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
  std::vector<std::string> rows;
};

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
    tables.push_back({"raw_limit." + name, database.CopyOut(schema + "." + name)});
    rows += tables.back().rows.size();
  }
  const Measurement measurement("raw rows", parts, "commits");
  Outcome outcome;
  for (; outcome.calls < parts; ++outcome.calls) {
    const auto before = Clock::now();
    database.Run("BEGIN");
    for (const Table& table : tables) {
      const size_t begin = table.rows.size() * outcome.calls / parts;
      const size_t end = table.rows.size() * (outcome.calls + 1) / parts;
      if (begin < end) database.CopyIn(table.name, table.rows, begin, end);
    }
    database.Run("COMMIT");
    outcome.latencies.Add(SecondsSince(before) * 1000);
  }
  outcome.seconds = measurement.Seconds();
  measurement.PrintRate("rows/s", rows, outcome);
  database.Run("DROP SCHEMA raw_limit CASCADE");
}

}  // namespace bench
