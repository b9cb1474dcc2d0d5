#include "store/sqlite/changes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "domain/assert.h"
#include "domain/event_id.h"
#include "store/event_hashes.h"
#include "store/sha256.h"
#include "store/sqlite/encoding.h"
#include "store/sqlite/failure.h"

namespace orc::sqlite {
namespace {

void RunOnOne(Use& use, const char* otherwise) {
  if (use.Run() != 1) throw Damaged(otherwise);
}

void WriteAsset(Connection& connection, const AssetRow& row, bool is_new) {
  const AssetTable& table = TableOf(row.kind);
  ORC_ASSERT(table.has_group || row.group.empty());
  ORC_ASSERT(table.has_label || row.label.empty());
  ORC_ASSERT(!is_new || row.order > 0);
  Use use(connection, is_new ? table.insert : table.update);
  int parameter = 1;
  if (is_new) {
    use.Bind(parameter++, row.order);
    use.Bind(parameter++, row.key);
    use.Bind(parameter++, row.body);
  } else {
    use.Bind(parameter++, row.body);
    use.Bind(parameter++, row.key);
  }
  if (table.has_group) use.Bind(parameter++, row.group);
  if (table.has_label) use.Bind(parameter++, row.label);
  RunOnOne(use, "a changed asset does not exist");
}

// The channel's writer asks: its keys are those of its own transaction and of committed ones.
std::optional<int64_t> FindTaskOrder(Connection& connection, const KeysView& keys, const Key& key) {
  if (const std::optional<int64_t> order = keys.FindTask(key)) return order;
  Use use(connection, "SELECT ord FROM task_keys WHERE key=?1");
  use.Bind(1, key);
  if (!use.Step()) return std::nullopt;
  return use.Int(0);
}

int64_t TaskOrder(Connection& connection, const KeysView& keys, const Key& key, const char* otherwise) {
  const std::optional<int64_t> order = FindTaskOrder(connection, keys, key);
  if (!order) throw Damaged(otherwise);
  return *order;
}

void WriteNewTasks(Connection& connection, const std::vector<FullTaskRow>& tasks, RecentKeys& keys) {
  if (tasks.empty()) return;
  const KeysView known = keys.View();
  std::vector<KeyedTask> added;
  added.reserve(tasks.size());
  Use row_use(connection,
              "INSERT INTO tasks (ord, key, plan, function, worker, status, rank, pending_parents) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  Use body_use(connection, "INSERT INTO task_bodies (ord, body) VALUES (?1, ?2)");
  for (const auto& [row, body] : tasks) {
    ORC_ASSERT(row.order > 0 && orchestrator::ComputeTaskStatus_IsValid(row.status));
    if (row.order <= keys.Claimed()) throw Damaged("a new task comes before stored ones");
    if (FindTaskOrder(connection, known, row.key)) throw Damaged("the key of a new task is taken");
    added.emplace_back(row.key, row.order);
    row_use.Bind(1, row.order);
    row_use.Bind(2, row.key);
    row_use.Bind(3, row.plan);
    row_use.Bind(4, row.function);
    row_use.Bind(5, row.worker);
    row_use.Bind(6, int64_t{row.status});
    row_use.Bind(7, int64_t{row.rank});
    row_use.Bind(8, int64_t{row.pending_parents});
    row_use.Run();
    body_use.Bind(1, row.order);
    body_use.Bind(2, body);
    body_use.Run();
  }
  std::sort(added.begin(), added.end());
  const auto same_key = [](const auto& left, const auto& right) { return left.first == right.first; };
  if (std::adjacent_find(added.begin(), added.end(), same_key) != added.end()) {
    throw Damaged("two new tasks have the same key");
  }
  keys.AddTasks(added);
}

void WriteChangedTasks(Connection& connection, const std::vector<TaskRow>& tasks, const KeysView& keys) {
  if (tasks.empty()) return;
  static constexpr char kNoTask[] = "a changed task does not exist";
  Use use(connection, "UPDATE tasks SET status=?1, pending_parents=?2 WHERE ord=?3 AND key=?4");
  for (const TaskRow& row : tasks) {
    ORC_ASSERT(orchestrator::ComputeTaskStatus_IsValid(row.status));
    use.Bind(1, int64_t{row.status});
    use.Bind(2, int64_t{row.pending_parents});
    use.Bind(3, TaskOrder(connection, keys, row.key, kNoTask));
    use.Bind(4, row.key);
    RunOnOne(use, kNoTask);
  }
}

void WriteEdges(Connection& connection, const std::vector<ParentEdge>& edges, const KeysView& keys) {
  if (edges.empty()) return;
  static constexpr char kNoTask[] = "a task of an edge does not exist";
  Use use(connection, "INSERT INTO task_parents (parent_ord, place, child_ord) VALUES (?1, ?2, ?3)");
  for (const ParentEdge& edge : edges) {
    use.Bind(1, TaskOrder(connection, keys, edge.parent, kNoTask));
    use.Bind(2, int64_t{edge.place});
    use.Bind(3, TaskOrder(connection, keys, edge.child, kNoTask));
    use.Run();
  }
}

void WriteOutputs(Connection& connection, const std::vector<OutputRow>& outputs) {
  if (outputs.empty()) return;
  Use use(connection, "INSERT INTO task_outputs (task, identifier, kind, asset_key) VALUES (?1, ?2, ?3, ?4)");
  for (const OutputRow& row : outputs) {
    use.Bind(1, row.task);
    use.Bind(2, row.identifier);
    use.Bind(3, int64_t{row.kind});
    use.Bind(4, row.asset_key);
    use.Run();
  }
}

void WriteLinks(Connection& connection, const ChangeSet& changes) {
  for (const SampleLink& link : changes.sample_links) {
    Use use(connection, "INSERT OR IGNORE INTO manager_samples (manager, sample_ord, sample) VALUES (?1, ?2, ?3)");
    use.Bind(1, link.manager);
    use.Bind(2, link.sample_order);
    use.Bind(3, link.sample);
    use.Run();
  }
  for (const PlanFunction& link : changes.plan_functions) {
    Use use(connection, "INSERT OR IGNORE INTO plan_functions (plan, function_ord) VALUES (?1, ?2)");
    use.Bind(1, link.plan);
    use.Bind(2, link.function_order);
    use.Run();
  }
}

void BindEvent(Use& use, const EventRow& event, Sha256& sha256) {
  const std::optional<Key> id = Key::FromCanonical(event.id);
  ORC_ASSERT(id && PositionInEventId(event.id) == event.position);
  use.Bind(1, event.position);
  use.BindCopy(2, id->Raw());
  use.Bind(3, int64_t{event.asset_kind});
  use.Bind(4, int64_t{event.event_kind});
  BindAssetKey(use, 5, event.asset_key);
  use.Bind(6, event.timestamp_us);
  if (event.reason.empty()) {
    use.BindNull(7);
  } else {
    use.Bind(7, ReasonHash(event.reason));
  }
  use.Bind(8, *event.body);
  const std::array<uint8_t, 32> digest = sha256.Digest(*event.body);
  use.BindCopy(9, {reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void WriteEvents(Connection& connection, const std::vector<EventRow>& events, RecentKeys& keys, Head& head) {
  if (events.empty()) return;
  std::vector<KeyedEvent> added;
  added.reserve(events.size());
  Use use(connection,
          "INSERT INTO events (position, id, asset_kind, event_kind, asset_key, timestamp_us, reason_hash, body, "
          "sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  Sha256 sha256;
  for (const EventRow& event : events) {
    ORC_ASSERT(event.position == head.position + 1);
    ORC_ASSERT(event.timestamp_us >= head.timestamp_us);
    BindEvent(use, event, sha256);
    use.Run();
    added.emplace_back(AssetKeyHash(event.asset_key), event.position);
    head = {event.position, event.timestamp_us};
  }
  keys.AddEvents(added);
}

}  // namespace

void WriteChanges(Connection& connection, const ChangeSet& changes, RecentKeys& keys, Head& head) {
  for (const AssetRow& row : changes.new_assets) WriteAsset(connection, row, true);
  for (const AssetRow& row : changes.changed_assets) WriteAsset(connection, row, false);
  WriteNewTasks(connection, changes.new_tasks, keys);
  const KeysView known = keys.View();
  WriteChangedTasks(connection, changes.changed_tasks, known);
  WriteEdges(connection, changes.edges, known);
  WriteOutputs(connection, changes.outputs);
  WriteLinks(connection, changes);
  WriteEvents(connection, changes.events, keys, head);
  ORC_ASSERT(changes.events.empty() || head == changes.head);
}

HeadRow ReadHead(Connection& connection) {
  Use use(connection, "SELECT position, timestamp_us, commits, keyed_order, keyed_position FROM head WHERE one=1");
  if (!use.Step()) throw Damaged("the head is missing");
  return {{use.Int(0), use.Int(1)}, use.Int(2), {use.Int(3), use.Int(4)}};
}

void WriteHead(Connection& connection, const HeadRow& row) {
  Use use(connection,
          "UPDATE head SET position=?1, timestamp_us=?2, commits=?3, keyed_order=?4, keyed_position=?5 WHERE one=1");
  use.Bind(1, row.head.position);
  use.Bind(2, row.head.timestamp_us);
  use.Bind(3, row.commits);
  use.Bind(4, row.keyed.order);
  use.Bind(5, row.keyed.position);
  RunOnOne(use, "the head is missing");
}

}  // namespace orc::sqlite
