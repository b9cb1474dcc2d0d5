// What the tables of all stores have in common: one per kind of asset, enums as their numbers. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/assert.h"
#include "store/store.h"

namespace orc {

// The columns of a kind's table that not every kind has.
struct AssetColumns {
  orchestrator::AssetKind kind;
  std::string_view table;
  bool has_group;
  bool has_label;
};

// Every kind that AssetRow has.
const std::vector<AssetColumns>& AllAssetColumns();

// A Table, which is an AssetColumns and more, for each of them, by `make(AssetColumns)`.
template <class Make>
auto MakeTables(Make make) {
  std::vector<decltype(make(AllAssetColumns().front()))> tables;
  for (const AssetColumns& columns : AllAssetColumns()) tables.push_back(make(columns));
  return tables;
}

// The one of `kind` among what MakeTables has made. Aborts for a kind that AssetRow does not have.
template <class Table>
const Table& TableOfKind(const std::vector<Table>& tables, orchestrator::AssetKind kind) {
  for (const Table& table : tables) {
    if (table.kind == kind) return table;
  }
  ORC_ASSERT(!"the kind has rows of its own");
  std::abort();
}

// All numbers that the contract knows.
const std::vector<int>& TaskStatuses();
const std::vector<int>& AssetKinds();
const std::vector<int>& EventKinds();

// The statuses that are not final, separated by commas.
std::string UnfinishedStatuses();

// Into the order of ListFunctionTasks. No index has it: that would cost every registration more than sorting costs the
// rare caller.
void SortByRank(std::vector<TaskRef>& tasks);

}  // namespace orc
