// The text of a list: rows of one table, chosen by some columns, in the order of one column, that never sorts and reads
// no more than the rows it returns whenever an index serves the filter.
//
// An index of several columns gives rows in that order only where all columns before it are fixed. Where the filter
// leaves one of them open, and that column has few values, the list is the merge of one range of the index per value:
// PostgreSQL reads each range as far as it is needed. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/postgres/parameters.h"
#include "store/store.h"

namespace orc::postgres {

// A column that must have a value.
struct Condition {
  std::string_view column;
  std::variant<int64_t, std::string, Key> value;  // std::string: bytes
};

// A column of the index that may have any of `values`.
struct OpenColumn {
  std::string_view column;
  std::span<const int> values;
};

struct List {
  std::string_view table;
  std::string_view columns;
  std::string_view order;  // the column that gives the order; the first of `columns`
  std::vector<Condition> conditions;
  std::vector<OpenColumn> open;
  std::string_view join;  // what is joined to the rows of the page, named `page`; its columns come last. May be empty
  std::string_view joined_columns;  // `body` is among these or `columns`
};

// The statement for a page of the list. The text depends on the columns named, not on the values.
std::string ListSql(const List& list, bool descending);

// Its parameters. The order of the rows lies strictly between `low` and `high` as well as within the page.
Parameters ListParameters(const List& list, int64_t channel, const Page& page, int64_t low = 0,
                          int64_t high = INT64_MAX);

}  // namespace orc::postgres
