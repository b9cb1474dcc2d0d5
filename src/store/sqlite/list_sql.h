// The text of a list: rows of one table, chosen by some columns, in the order of its rowid, that never sorts and reads
// no more than the rows it returns whenever an index serves the filter.
//
// An index of several columns gives rows in the order of the rowid only where all its columns are fixed. Where the
// filter leaves one of them open, and that column has few values, the list is the merge of one range of the index per
// value: SQLite reads each range as far as it is needed. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/store.h"

namespace orc::sqlite {

// A column that must have a value. Text and bytes are never equal to each other.
struct Condition {
  struct Text {
    std::string text;
  };
  std::string_view column;
  std::variant<int64_t, std::string, Text> value;  // std::string: bytes
};

// A column of the index that may have any of `values`.
struct OpenColumn {
  std::string_view column;
  std::span<const int> values;
};

struct List {
  std::string_view table;
  std::string_view columns;
  std::string_view order;  // the table's rowid; must be the first of `columns`
  std::string_view index;  // empty: the table itself
  std::vector<Condition> conditions;
  std::vector<OpenColumn> open;
};

// The statement. Parameters: 1 and 2 are the bounds of the order, both exclusive, the others the conditions in their
// order. The text depends on the columns named, not on the values.
std::string ListSql(const List& list, bool descending);

// A list being read, without the rows that `page` skips.
class ListReader {
 public:
  // Rows whose order lies strictly between `low` and `high` as well as within the page.
  ListReader(Connection& connection, const List& list, const Page& page, int64_t low = 0, int64_t high = INT64_MAX);
  // Whether there is a further row. The page's skip and limit are the caller's to count.
  bool Step() { return use_.Step(); }
  const Use& row() const { return use_; }

 private:
  List list_;  // holds the bytes that are bound
  Use use_;
};

}  // namespace orc::sqlite
