// A connection to the database of one channel, with its prepared statements.
//
// Not thread-safe; may move between threads. Everything here throws SQLite::Exception (or Damaged, for a column that
// does not hold what it should); failure.h turns that into errors. Checkpoints are off (sqlite_store.h says why).
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/key.h"

namespace orc::sqlite {

class Connection {
 public:
  enum class Mode { kWriter, kReader };

  // The writer creates the file when it is absent.
  Connection(const std::string& path, Mode mode, int32_t busy_wait_ms);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Execute(const std::string& sql) { database_.exec(sql); }
  // One statement without parameters and rows, prepared once.
  void Run(std::string_view sql);
  // The same for clean-up: whether it worked.
  bool TryRun(std::string_view sql) noexcept;
  // The statement with this text, prepared at its first use and kept. The program has a fixed, small set of texts.
  SQLite::Statement& Prepared(std::string_view sql);
  bool InTransaction() const noexcept;
  sqlite3* Handle() noexcept { return database_.getHandle(); }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  SQLite::Database database_;
  std::unordered_map<std::string, SQLite::Statement, TextHash, std::equal_to<>> statements_;
};

// A prepared statement in use: reset at the end of the scope, so that it holds no lock and no snapshot. Parameters
// count from 1, columns from 0. Bound bytes are not copied: they must live until the statement is reset or bound anew.
class Use {
 public:
  Use(Connection& connection, std::string_view sql) : statement_(connection.Prepared(sql)) {}
  ~Use() { statement_.tryReset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  void Bind(int parameter, int64_t value) { statement_.bind(parameter, value); }
  void Bind(int parameter, std::string_view bytes);
  void Bind(int parameter, const Key& key) { Bind(parameter, key.Raw()); }
  // For bytes that do not outlive the call.
  void BindCopy(int parameter, std::string_view bytes) {
    statement_.bind(parameter, bytes.data(), static_cast<int>(bytes.size()));
  }
  void BindText(int parameter, const std::string& text) { statement_.bindNoCopy(parameter, text); }
  void BindNull(int parameter) { statement_.bind(parameter); }

  // Whether there is a further row.
  bool Step() { return statement_.executeStep(); }
  // Executes a statement that returns no row and resets it; the number of rows changed.
  int Run();

  bool IsNull(int column) const { return statement_.isColumnNull(column); }
  int64_t Int(int column) const { return statement_.getColumn(column).getInt64(); }
  int32_t Int32(int column) const { return statement_.getColumn(column).getInt(); }
  std::string Bytes(int column) const { return statement_.getColumn(column).getString(); }
  Key AsKey(int column) const;
  bool IsText(int column) const { return statement_.getColumn(column).isText(); }

 private:
  SQLite::Statement& statement_;
};

}  // namespace orc::sqlite
