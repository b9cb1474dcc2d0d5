// The statement of a list (store/lists.h), and its rows one by one: one SELECT per range of the index, merged.
// ListSql is pure and thread-safe; a ListReader belongs to its connection.
#pragma once

#include <cstdint>
#include <string>

#include "store/lists.h"
#include "store/sqlite/connection.h"
#include "store/store.h"

namespace orc::sqlite {

struct List : ListChoice {
  std::string index = {};  // empty: the table itself
};

// The statement. Parameters: 1 and 2 are the bounds of the order, both exclusive, the others the conditions and the
// checks in their order. The text depends on the columns named, not on the values.
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
