#include "store/sqlite/changes.h"

#include <algorithm>
#include <array>
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

void WriteTaskKeys(Connection& connection, const std::vector<FullTaskRow>& tasks) {
  std::vector<std::pair<Key, int64_t>> keys;
  keys.reserve(tasks.size());
  for (const FullTaskRow& task : tasks) keys.emplace_back(task.row.key, task.row.order);
  std::sort(keys.begin(), keys.end());
  Use use(connection, "INSERT INTO task_keys (key, ord) VALUES (?1, ?2)");
  for (const auto& [key, order] : keys) {
    use.Bind(1, key);
    use.Bind(2, order);
    use.Run();
  }
}

void WriteNewTasks(Connection& connection, const std::vector<FullTaskRow>& tasks) {
  if (tasks.empty()) return;
  Use row_use(connection,
              "INSERT INTO tasks (ord, key, plan, function, worker, status, rank, pending_parents) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  Use body_use(connection, "INSERT INTO task_bodies (ord, body) VALUES (?1, ?2)");
  for (const auto& [row, body] : tasks) {
    ORC_ASSERT(row.order > 0 && orchestrator::ComputeTaskStatus_IsValid(row.status));
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
  WriteTaskKeys(connection, tasks);
}

void WriteChangedTasks(Connection& connection, const std::vector<TaskRow>& tasks) {
  if (tasks.empty()) return;
  Use use(connection,
          "UPDATE tasks SET status=?1, pending_parents=?2 "
          "WHERE ord=(SELECT ord FROM task_keys WHERE key=?3)");
  for (const TaskRow& row : tasks) {
    ORC_ASSERT(orchestrator::ComputeTaskStatus_IsValid(row.status));
    use.Bind(1, int64_t{row.status});
    use.Bind(2, int64_t{row.pending_parents});
    use.Bind(3, row.key);
    RunOnOne(use, "a changed task does not exist");
  }
}

void WriteEdges(Connection& connection, const std::vector<ParentEdge>& edges) {
  if (edges.empty()) return;
  Use use(connection,
          "INSERT INTO task_parents (parent_ord, place, child_ord) SELECT parent.ord, ?2, child.ord "
          "FROM task_keys AS parent CROSS JOIN task_keys AS child WHERE parent.key=?1 AND child.key=?3");
  for (const ParentEdge& edge : edges) {
    use.Bind(1, edge.parent);
    use.Bind(2, int64_t{edge.place});
    use.Bind(3, edge.child);
    RunOnOne(use, "a task of an edge does not exist");
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

void WriteEventKeys(Connection& connection, const std::vector<EventRow>& events) {
  std::vector<std::pair<int64_t, int64_t>> keys;
  keys.reserve(events.size());
  for (const EventRow& event : events) keys.emplace_back(AssetKeyHash(event.asset_key), event.position);
  std::sort(keys.begin(), keys.end());
  Use use(connection, "INSERT INTO event_keys (key_hash, position) VALUES (?1, ?2)");
  for (const auto& [hash, position] : keys) {
    use.Bind(1, hash);
    use.Bind(2, position);
    use.Run();
  }
}

void WriteEvents(Connection& connection, const std::vector<EventRow>& events, Head& head) {
  if (events.empty()) return;
  Use use(connection,
          "INSERT INTO events (position, id, asset_kind, event_kind, asset_key, timestamp_us, reason_hash, body, "
          "sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  Sha256 sha256;
  for (const EventRow& event : events) {
    ORC_ASSERT(event.position == head.position + 1);
    ORC_ASSERT(event.timestamp_us >= head.timestamp_us);
    BindEvent(use, event, sha256);
    use.Run();
    head = {event.position, event.timestamp_us};
  }
  WriteEventKeys(connection, events);
}

}  // namespace

void WriteChanges(Connection& connection, const ChangeSet& changes, Head& head) {
  for (const AssetRow& row : changes.new_assets) WriteAsset(connection, row, true);
  for (const AssetRow& row : changes.changed_assets) WriteAsset(connection, row, false);
  WriteNewTasks(connection, changes.new_tasks);
  WriteChangedTasks(connection, changes.changed_tasks);
  WriteEdges(connection, changes.edges);
  WriteOutputs(connection, changes.outputs);
  WriteLinks(connection, changes);
  WriteEvents(connection, changes.events, head);
  ORC_ASSERT(changes.events.empty() || head == changes.head);
}

void WriteHead(Connection& connection, const Head& head, int64_t commits) {
  Use use(connection, "UPDATE head SET position=?1, timestamp_us=?2, commits=?3 WHERE one=1");
  use.Bind(1, head.position);
  use.Bind(2, head.timestamp_us);
  use.Bind(3, commits);
  RunOnOne(use, "the head is missing");
}

int64_t ReadCommits(Connection& connection) {
  Use use(connection, "SELECT commits FROM head WHERE one=1");
  if (!use.Step()) throw Damaged("the head is missing");
  return use.Int(0);
}

}  // namespace orc::sqlite
