#include "base/distinct.h"
#include "store/postgres/failure.h"
#include "store/postgres/list_sql.h"
#include "store/postgres/queries.h"

namespace orc::postgres {
namespace {

constexpr std::string_view kColumns = "ord, key, plan, function, worker, status, rank, pending_parents";

TaskRow ReadTask(const Rows& rows, int row) {
  const int32_t status = rows.Int32(row, 5);
  if (!orchestrator::ComputeTaskStatus_IsValid(status)) throw Damaged("a task has an unknown status");
  return TaskRow{rows.Int(row, 0),   rows.AsKey(row, 1), rows.AsKey(row, 2),
                 rows.AsKey(row, 3), rows.Bytes(row, 4), static_cast<orchestrator::ComputeTaskStatus>(status),
                 rows.Int32(row, 6), rows.Int32(row, 7)};
}

std::vector<FullTaskRow> ReadFullTasks(const Rows& rows) {
  std::vector<FullTaskRow> tasks;
  tasks.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) tasks.push_back({ReadTask(rows, row), rows.Bytes(row, 8)});
  return tasks;
}

// Each key once.
Array KeyArray(std::span<const Key> keys) {
  Array array = Array::Keys();
  for (const Key& key : Distinct<Key>(keys)) array.Add(key);
  return array;
}

// The tasks with the keys $2. OFFSET 0 keeps the planner from choosing the order of look-ups, which it would do by how
// large the tables are when it plans; they may be a thousand times as large when it runs.
constexpr std::string_view kFindTasks =
    "unnest($2::uuid[]) AS wanted (key) CROSS JOIN LATERAL "
    "(SELECT ord FROM orchestrator.task_keys WHERE channel=$1::bigint AND key=wanted.key OFFSET 0) AS found "
    "CROSS JOIN LATERAL (SELECT ord, key, plan, function, worker, status, rank, pending_parents FROM "
    "orchestrator.tasks "
    "WHERE channel=$1::bigint AND ord=found.ord OFFSET 0) AS tasks";

}  // namespace

std::vector<TaskRow> Queries::FindTaskRows(std::span<const Key> keys) {
  const Rows rows = session_.Ask("SELECT tasks.* FROM " + std::string(kFindTasks),
                                 Parameters().Int(session_.channel()).Add(KeyArray(keys)));
  std::vector<TaskRow> tasks;
  tasks.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) tasks.push_back(ReadTask(rows, row));
  return tasks;
}

std::vector<FullTaskRow> Queries::FindTasks(std::span<const Key> keys) {
  return ReadFullTasks(session_.Ask("SELECT tasks.*, bodies.body FROM " + std::string(kFindTasks) +
                                        " CROSS JOIN LATERAL (SELECT body FROM orchestrator.task_bodies "
                                        "WHERE channel=$1::bigint AND ord=tasks.ord OFFSET 0) AS bodies",
                                    Parameters().Int(session_.channel()).Add(KeyArray(keys))));
}

std::vector<FullTaskRow> Queries::ListTasks(const TaskFilter& filter, const Page& page) {
  List list{{"orchestrator.tasks", kColumns, "ord"},
            "CROSS JOIN LATERAL (SELECT body FROM orchestrator.task_bodies "
            "WHERE channel=$1 AND ord=page.ord OFFSET 0) AS task_bodies",
            "task_bodies.body"};
  Choose(filter, list);
  return ReadFullTasks(AskList(list, page));
}

std::vector<TaskRef> Queries::ListFunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status) {
  const Rows rows = session_.Ask(
      "SELECT ord, rank, key FROM orchestrator.tasks WHERE channel=$1::bigint AND function=$2 AND status=$3",
      Parameters().Int(session_.channel()).AsKey(function).Int(status));
  std::vector<TaskRef> tasks;
  for (int row = 0; row < rows.size(); ++row) {
    tasks.push_back({rows.Int(row, 0), rows.Int32(row, 1), rows.AsKey(row, 2)});
  }
  SortByRank(tasks);
  return tasks;
}

std::vector<Key> Queries::ListChildren(const Key& parent) {
  const Rows rows = session_.Ask(
      "SELECT tasks.key FROM (SELECT place, child_ord FROM orchestrator.task_parents WHERE channel=$1::bigint AND "
      "parent_ord=(SELECT ord FROM orchestrator.task_keys WHERE channel=$1::bigint AND key=$2) OFFSET 0) AS edges "
      "CROSS JOIN LATERAL (SELECT key FROM orchestrator.tasks WHERE channel=$1::bigint AND ord=child_ord OFFSET 0) "
      "AS tasks ORDER BY place, child_ord",
      Parameters().Int(session_.channel()).AsKey(parent));
  std::vector<Key> children;
  for (int row = 0; row < rows.size(); ++row) children.push_back(rows.AsKey(row, 0));
  return children;
}

std::vector<ParentEdge> Queries::ListEdges(std::span<const Key> parents, size_t limit) {
  const Rows rows = session_.Ask(
      "SELECT wanted.key, tasks.key FROM unnest($2::uuid[]) AS wanted (key) CROSS JOIN LATERAL "
      "(SELECT ord FROM orchestrator.task_keys WHERE channel=$1::bigint AND key=wanted.key OFFSET 0) AS parents "
      "CROSS JOIN LATERAL (SELECT place, child_ord FROM orchestrator.task_parents WHERE channel=$1::bigint AND "
      "parent_ord=parents.ord ORDER BY place, child_ord LIMIT $3) AS edges CROSS JOIN LATERAL "
      "(SELECT key FROM orchestrator.tasks WHERE channel=$1::bigint AND ord=child_ord OFFSET 0) AS tasks "
      "ORDER BY wanted.key, place, child_ord",
      Parameters().Int(session_.channel()).Add(KeyArray(parents)).Int(static_cast<int64_t>(limit)));
  std::vector<ParentEdge> edges;
  for (int row = 0; row < rows.size(); ++row) edges.push_back({rows.AsKey(row, 0), rows.AsKey(row, 1)});
  return edges;
}

std::vector<OutputRow> Queries::FindOutputs(std::span<const Key> tasks) {
  const Rows rows = session_.Ask(
      "SELECT task, identifier, kind, asset_key FROM unnest($2::uuid[]) AS wanted (key) CROSS JOIN LATERAL "
      "(SELECT task, seq, identifier, kind, asset_key FROM orchestrator.task_outputs "
      "WHERE channel=$1::bigint AND task=wanted.key OFFSET 0) AS outputs ORDER BY task, seq",
      Parameters().Int(session_.channel()).Add(KeyArray(tasks)));
  std::vector<OutputRow> outputs;
  for (int row = 0; row < rows.size(); ++row) {
    const int32_t kind = rows.Int32(row, 2);
    if (!orchestrator::AssetKind_IsValid(kind)) throw Damaged("an output has an unknown kind");
    outputs.push_back(
        {rows.AsKey(row, 0), rows.Bytes(row, 1), static_cast<orchestrator::AssetKind>(kind), rows.Bytes(row, 3)});
  }
  return outputs;
}

bool Queries::HasUnfinishedTask(const Key& plan) {
  static const std::string sql =
      "SELECT EXISTS (SELECT 1 FROM orchestrator.tasks WHERE channel=$1::bigint AND plan=$2 AND status IN (" +
      UnfinishedStatuses() + "))";
  return session_.Ask(sql, Parameters().Int(session_.channel()).AsKey(plan)).Bool(0, 0);
}

}  // namespace orc::postgres
