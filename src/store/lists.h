// What a list reads: rows of one table, chosen by some columns, in the order of one column. Every store writes its own
// statement for it, which never sorts and reads no more than the rows it returns whenever an index serves the filter.
//
// An index of several columns gives rows in the order of its last one only where all before it are fixed. Where the
// filter leaves one of them open, and that column has few values, the list is the merge of one range of the index per
// value: the database reads each range as far as it is needed. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/tables.h"

namespace orc {

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

struct ListChoice {
  std::string_view table;
  std::string_view columns;
  std::string_view order;                  // the column that gives the order; the first of `columns`
  std::string_view lead = {};              // the first column of the index that serves it; empty: the order's own
  std::vector<Condition> conditions = {};  // of columns of that index
  std::vector<OpenColumn> open = {};       // the others of its columns
  std::vector<Condition> checks = {};      // looked at row by row, in what the index finds

  // The filter's value of a column of the index, or any of `values`.
  void AddColumn(std::string_view column, const std::optional<int32_t>& value, std::span<const int> values);
};

// Every combination of values for the open columns; one that is empty when there are none.
std::vector<std::vector<int>> Combinations(const std::vector<OpenColumn>& open);

// The index of the filter that leaves the fewest rows, as far as one can know: a plan has fewer tasks than a function,
// a function fewer than a worker; a task has fewer performances than an output of this name.
void Choose(const TaskFilter& filter, ListChoice& list);
void Choose(const AssetColumns& columns, const AssetFilter& filter, ListChoice& list);

// Whether rows of a kind can match: a column that it does not have is empty.
bool CanMatch(const AssetColumns& columns, const AssetFilter& filter);

}  // namespace orc
