#include "base/distinct.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/paging.h"
#include "store/sqlite/queries.h"

namespace orc::sqlite {
namespace {

constexpr std::string_view kColumns = "ord, key, plan, function, worker, status, rank, pending_parents";
constexpr std::string_view kFindRow =
    "SELECT ord, key, plan, function, worker, status, rank, pending_parents FROM tasks "
    "WHERE ord=(SELECT ord FROM task_keys WHERE key=?1)";
constexpr std::string_view kFindRecentRow =
    "SELECT ord, key, plan, function, worker, status, rank, pending_parents FROM tasks WHERE ord=?1 AND key=?2";

TaskRow ReadTask(const Use& use) {
  const int32_t status = use.Int32(5);
  if (!orchestrator::ComputeTaskStatus_IsValid(status)) throw Damaged("a task has an unknown status");
  return TaskRow{use.Int(0),   use.AsKey(1), use.AsKey(2),
                 use.AsKey(3), use.Bytes(4), static_cast<orchestrator::ComputeTaskStatus>(status),
                 use.Int32(6), use.Int32(7)};
}

}  // namespace

std::optional<TaskRow> Queries::FindTaskRow(const Key& key) {
  if (const std::optional<int64_t> order = seen_.keys.FindTask(key)) {
    Use use(connection_, kFindRecentRow);
    use.Bind(1, *order);
    use.Bind(2, key);
    if (use.Step()) return ReadTask(use);
  }
  Use use(connection_, kFindRow);
  use.Bind(1, key);
  if (!use.Step()) return std::nullopt;
  return ReadTask(use);
}

std::vector<TaskRow> Queries::FindTaskRows(std::span<const Key> keys) {
  std::vector<TaskRow> rows;
  rows.reserve(keys.size());
  for (const Key& key : Distinct<Key>(keys)) {
    if (std::optional<TaskRow> row = FindTaskRow(key)) rows.push_back(*std::move(row));
  }
  return rows;
}

std::vector<FullTaskRow> Queries::FindTasks(std::span<const Key> keys) {
  return WithBodies(FindTaskRows(keys), std::numeric_limits<int64_t>::max());
}

std::vector<FullTaskRow> Queries::ListTasks(const TaskFilter& filter, const Page& page) {
  List list{{"tasks", kColumns, "ord"}};
  Choose(filter, list);
  if (!list.lead.empty()) list.index = "tasks_" + std::string(list.lead);
  ListReader reader(connection_, list, page);
  return WithBodies(ReadPage(reader, page, ReadTask), page.max_bytes);
}

std::vector<FullTaskRow> Queries::WithBodies(std::vector<TaskRow> rows, int64_t max_bytes) {
  std::vector<FullTaskRow> full;
  full.reserve(rows.size());
  int64_t bytes = 0;
  for (TaskRow& row : rows) {
    if (bytes >= max_bytes) break;
    Use use(connection_, "SELECT body FROM task_bodies WHERE ord=?1");
    use.Bind(1, row.order);
    if (!use.Step()) throw Damaged("a task has no body");
    full.push_back({std::move(row), use.Bytes(0)});
    bytes += static_cast<int64_t>(full.back().body.size());
  }
  return full;
}

std::vector<TaskRef> Queries::ListFunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status) {
  Use use(connection_, "SELECT ord, rank, key FROM tasks INDEXED BY tasks_function WHERE function=?1 AND status=?2");
  use.Bind(1, function);
  use.Bind(2, int64_t{status});
  std::vector<TaskRef> tasks;
  while (use.Step()) tasks.push_back({use.Int(0), use.Int32(1), use.AsKey(2)});
  SortByRank(tasks);
  return tasks;
}

std::vector<Key> Queries::ListChildren(const Key& parent) {
  std::vector<Key> children;
  for (const ParentEdge& edge : ListEdges({&parent, 1}, std::numeric_limits<size_t>::max())) {
    children.push_back(edge.child);
  }
  return children;
}

std::vector<ParentEdge> Queries::ListEdges(std::span<const Key> parents, size_t limit) {
  std::vector<ParentEdge> edges;
  for (const Key& parent : Distinct<Key>(parents)) {
    const std::optional<TaskRow> row = FindTaskRow(parent);
    if (!row) continue;
    Use use(connection_,
            "SELECT tasks.key FROM task_parents CROSS JOIN tasks ON tasks.ord=child_ord "
            "WHERE parent_ord=?1 ORDER BY place, child_ord");
    use.Bind(1, row->order);
    for (size_t count = 0; count < limit && use.Step(); ++count) edges.push_back({parent, use.AsKey(0)});
  }
  return edges;
}

std::vector<OutputRow> Queries::FindOutputs(std::span<const Key> tasks) {
  std::vector<OutputRow> outputs;
  for (const Key& task : Distinct<Key>(tasks)) {
    Use use(connection_, "SELECT identifier, kind, asset_key FROM task_outputs WHERE task=?1 ORDER BY seq");
    use.Bind(1, task);
    while (use.Step()) {
      const int32_t kind = use.Int32(1);
      if (!orchestrator::AssetKind_IsValid(kind)) throw Damaged("an output has an unknown kind");
      outputs.push_back({task, use.Bytes(0), static_cast<orchestrator::AssetKind>(kind), use.Bytes(2)});
    }
  }
  return outputs;
}

bool Queries::HasUnfinishedTask(const Key& plan) {
  static const std::string sql =
      "SELECT EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_plan WHERE plan=?1 AND status IN (" + UnfinishedStatuses() +
      "))";
  Use use(connection_, sql);
  use.Bind(1, plan);
  return use.Step() && use.Int(0) != 0;
}

}  // namespace orc::sqlite
