// Values on their way to and from the database, in PostgreSQL's binary format: the parameters of a statement, and the
// rows it gives. Not thread-safe.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/key.h"

namespace orc::postgres {

// A column of many values, for unnest() and ANY().
class Array {
 public:
  static Array Ints() { return Array(kInt8, kInt8Array); }
  static Array Bytes() { return Array(kBytea, kByteaArray); }
  static Array Keys() { return Array(kUuid, kUuidArray); }

  void Add(int64_t value);                          // of Ints
  void Add(std::string_view bytes) { Put(bytes); }  // of Bytes
  void Add(const Key& key) { Put(key.Raw()); }      // of Keys
  void AddNull();

 private:
  friend class Parameters;
  static constexpr Oid kInt8 = 20, kBytea = 17, kUuid = 2950;
  static constexpr Oid kInt8Array = 1016, kByteaArray = 1001, kUuidArray = 2951;

  Array(Oid element, Oid type) : element_(element), type_(type) {}
  void Put(std::string_view bytes);

  Oid element_;
  Oid type_;
  int32_t size_ = 0;
  bool has_null_ = false;
  std::string elements_;
};

// $1, $2, ... in the order in which they are added.
class Parameters {
 public:
  Parameters& Int(int64_t value);  // bigint
  Parameters& Bytes(std::string_view bytes);
  Parameters& AsKey(const Key& key);  // uuid
  Parameters& Text(std::string_view text);
  Parameters& Add(const Array& array);

  size_t size() const { return values_.size(); }

 private:
  friend class Connection;
  std::vector<Oid> types_;
  std::vector<std::string> values_;
};

// What one statement gave. Columns and rows count from 0. Reading a column as what it is not throws Damaged.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}

  int size() const { return PQntuples(result_.get()); }
  bool empty() const { return size() == 0; }
  // How many rows the statement wrote.
  int64_t affected() const;
  // What was done, such as "COMMIT".
  std::string_view done() const { return PQcmdStatus(result_.get()); }

  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  int64_t Int(int row, int column) const;  // integer or bigint
  int32_t Int32(int row, int column) const { return static_cast<int32_t>(Int(row, column)); }
  bool Bool(int row, int column) const;
  std::string_view View(int row, int column) const;
  std::string Bytes(int row, int column) const { return std::string(View(row, column)); }
  Key AsKey(int row, int column) const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

}  // namespace orc::postgres
