#include "store/lists.h"

namespace orc {
namespace {

// The first filter names the index, the others are checks.
void AddFilter(ListChoice& list, std::string_view column, std::variant<int64_t, std::string, Key> value) {
  const bool leads = list.lead.empty();
  if (leads) list.lead = column;
  (leads ? list.conditions : list.checks).push_back({column, std::move(value)});
}

}  // namespace

void ListChoice::AddColumn(std::string_view column, const std::optional<int32_t>& value, std::span<const int> values) {
  if (value) {
    conditions.push_back({column, int64_t{*value}});
  } else {
    open.push_back({column, values});
  }
}

std::vector<std::vector<int>> Combinations(const std::vector<OpenColumn>& open) {
  std::vector<std::vector<int>> all = {{}};
  for (const OpenColumn& column : open) {
    std::vector<std::vector<int>> longer;
    for (const std::vector<int>& begun : all) {
      for (const int value : column.values) {
        longer.push_back(begun);
        longer.back().push_back(value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

void Choose(const TaskFilter& filter, ListChoice& list) {
  if (filter.plan) AddFilter(list, "plan", *filter.plan);
  if (filter.function) AddFilter(list, "function", *filter.function);
  if (filter.worker) AddFilter(list, "worker", *filter.worker);
  if (!list.lead.empty()) {
    list.AddColumn("status", filter.status, TaskStatuses());
  } else if (filter.status) {
    AddFilter(list, "status", int64_t{*filter.status});
  }
}

void Choose(const AssetColumns& columns, const AssetFilter& filter, ListChoice& list) {
  if (columns.has_group && filter.group) AddFilter(list, "grp", *filter.group);
  if (columns.has_label && filter.label) AddFilter(list, "label", *filter.label);
}

bool CanMatch(const AssetColumns& columns, const AssetFilter& filter) {
  return (columns.has_group || filter.group.value_or("").empty()) &&
         (columns.has_label || filter.label.value_or("").empty());
}

}  // namespace orc
