#include "store/postgres/changes.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "domain/assert.h"
#include "domain/event_id.h"
#include "store/event_hashes.h"
#include "store/postgres/encoding.h"
#include "store/postgres/failure.h"
#include "store/sha256.h"

namespace orc::postgres {
namespace {

// The statements of one change set: queued, then run together and checked.
class Batch {
 public:
  Batch(Connection& connection, int64_t channel) : connection_(connection), channel_(channel) {}

  // The first parameter is the channel. `rows`: how many the statement must write; nothing: any number.
  void Queue(std::string_view sql, std::initializer_list<Array> columns, std::optional<size_t> rows,
             const char* otherwise) {
    Parameters parameters;
    parameters.Int(channel_);
    for (const Array& column : columns) parameters.Add(column);
    connection_.Queue(sql, parameters);
    wanted_.push_back({rows, otherwise});
  }

  void Run() {
    if (wanted_.empty()) return;
    const std::vector<Rows> results = connection_.Sync();
    // Statements queued before this batch come first.
    const size_t before = results.size() - wanted_.size();
    for (size_t i = 0; i < wanted_.size(); ++i) {
      const auto& [rows, otherwise] = wanted_[i];
      if (rows && results[before + i].affected() != static_cast<int64_t>(*rows)) throw Damaged(otherwise);
    }
  }

 private:
  struct Wanted {
    std::optional<size_t> rows;
    const char* otherwise;
  };

  Connection& connection_;
  const int64_t channel_;
  std::vector<Wanted> wanted_;
};

// Rows of one kind as columns.
struct AssetColumns {
  Array orders = Array::Ints();
  Array keys = Array::Bytes();
  Array bodies = Array::Bytes();
  Array groups = Array::Bytes();
  Array labels = Array::Bytes();
  size_t size = 0;

  void Add(const AssetTable& table, const AssetRow& row) {
    ORC_ASSERT(table.has_group || row.group.empty());
    ORC_ASSERT(table.has_label || row.label.empty());
    orders.Add(row.order);
    keys.Add(std::string_view(row.key));
    bodies.Add(std::string_view(row.body));
    groups.Add(std::string_view(row.group));
    labels.Add(std::string_view(row.label));
    ++size;
  }
};

void QueueNewAssets(Batch& batch, const std::vector<AssetRow>& assets) {
  std::map<orchestrator::AssetKind, AssetColumns> kinds;
  for (const AssetRow& row : assets) {
    ORC_ASSERT(row.order > 0);
    kinds[row.kind].Add(TableOf(row.kind), row);
  }
  for (const auto& [kind, columns] : kinds) {
    const AssetTable& table = TableOf(kind);
    const auto& [orders, keys, bodies, groups, labels, size] = columns;
    if (table.has_label) {
      batch.Queue(table.insert, {orders, keys, bodies, groups, labels}, size, "");
    } else if (table.has_group) {
      batch.Queue(table.insert, {orders, keys, bodies, groups}, size, "");
    } else {
      batch.Queue(table.insert, {orders, keys, bodies}, size, "");
    }
  }
}

void QueueChangedAssets(Batch& batch, const std::vector<AssetRow>& assets) {
  // The last change of a row counts: one statement may not write a row twice.
  std::map<std::pair<orchestrator::AssetKind, std::string_view>, const AssetRow*> last;
  for (const AssetRow& row : assets) last[{row.kind, row.key}] = &row;
  std::map<orchestrator::AssetKind, AssetColumns> kinds;
  for (const auto& [key, row] : last) kinds[row->kind].Add(TableOf(row->kind), *row);
  constexpr const char* kOtherwise = "a changed asset does not exist";
  for (const auto& [kind, columns] : kinds) {
    const AssetTable& table = TableOf(kind);
    const auto& [orders, keys, bodies, groups, labels, size] = columns;
    if (table.has_label) {
      batch.Queue(table.update, {keys, bodies, groups, labels}, size, kOtherwise);
    } else if (table.has_group) {
      batch.Queue(table.update, {keys, bodies, groups}, size, kOtherwise);
    } else {
      batch.Queue(table.update, {keys, bodies}, size, kOtherwise);
    }
  }
}

// In the order of keys, so that each page of the index is looked for once.
void QueueTaskKeys(Batch& batch, const std::vector<FullTaskRow>& tasks) {
  std::vector<std::pair<Key, int64_t>> sorted;
  sorted.reserve(tasks.size());
  for (const FullTaskRow& task : tasks) sorted.emplace_back(task.row.key, task.row.order);
  std::sort(sorted.begin(), sorted.end());
  Array keys = Array::Keys(), orders = Array::Ints();
  for (const auto& [key, order] : sorted) {
    keys.Add(key);
    orders.Add(order);
  }
  batch.Queue(
      "INSERT INTO orchestrator.task_keys (channel, key, ord) "
      "SELECT $1::bigint, * FROM unnest($2::uuid[], $3::bigint[])",
      {keys, orders}, tasks.size(), "");
}

void QueueNewTasks(Batch& batch, const std::vector<FullTaskRow>& tasks) {
  if (tasks.empty()) return;
  Array orders = Array::Ints(), keys = Array::Keys(), plans = Array::Keys(), functions = Array::Keys();
  Array workers = Array::Bytes(), statuses = Array::Ints(), ranks = Array::Ints(), pending = Array::Ints();
  Array bodies = Array::Bytes();
  for (const auto& [row, body] : tasks) {
    ORC_ASSERT(row.order > 0 && orchestrator::ComputeTaskStatus_IsValid(row.status));
    orders.Add(row.order);
    keys.Add(row.key);
    plans.Add(row.plan);
    functions.Add(row.function);
    workers.Add(std::string_view(row.worker));
    statuses.Add(int64_t{row.status});
    ranks.Add(int64_t{row.rank});
    pending.Add(int64_t{row.pending_parents});
    bodies.Add(std::string_view(body));
  }
  batch.Queue(
      "INSERT INTO orchestrator.tasks (channel, ord, key, plan, function, worker, status, rank, pending_parents) "
      "SELECT $1::bigint, * FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[], "
      "$7::bigint[], $8::bigint[], $9::bigint[])",
      {orders, keys, plans, functions, workers, statuses, ranks, pending}, tasks.size(), "");
  batch.Queue(
      "INSERT INTO orchestrator.task_bodies (channel, ord, body) "
      "SELECT $1::bigint, * FROM unnest($2::bigint[], $3::bytea[])",
      {orders, bodies}, tasks.size(), "");
  QueueTaskKeys(batch, tasks);
}

void QueueChangedTasks(Batch& batch, const std::vector<TaskRow>& tasks) {
  if (tasks.empty()) return;
  std::map<Key, const TaskRow*> last;
  for (const TaskRow& row : tasks) last[row.key] = &row;
  Array keys = Array::Keys(), statuses = Array::Ints(), pending = Array::Ints();
  for (const auto& [key, row] : last) {
    ORC_ASSERT(orchestrator::ComputeTaskStatus_IsValid(row->status));
    keys.Add(key);
    statuses.Add(int64_t{row->status});
    pending.Add(int64_t{row->pending_parents});
  }
  // An INSERT that always meets the row: an UPDATE from a list would leave it to the planner whether to look up the
  // rows or to go through all of them. What is not changed is not stored.
  batch.Queue(
      "INSERT INTO orchestrator.tasks (channel, ord, key, plan, function, worker, status, rank, pending_parents) "
      "SELECT $1::bigint, found.ord, changed.key, changed.key, changed.key, '', changed.status, 0, changed.pending "
      "FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS changed (key, status, pending) CROSS JOIN LATERAL "
      "(SELECT ord FROM orchestrator.task_keys WHERE channel=$1::bigint AND key=changed.key OFFSET 0) AS found "
      "ON CONFLICT (channel, ord) DO UPDATE SET status=excluded.status, pending_parents=excluded.pending_parents",
      {keys, statuses, pending}, last.size(), "a changed task does not exist");
}

void QueueEdges(Batch& batch, const std::vector<ParentEdge>& edges) {
  if (edges.empty()) return;
  Array parents = Array::Keys(), places = Array::Ints(), children = Array::Keys();
  for (const ParentEdge& edge : edges) {
    parents.Add(edge.parent);
    places.Add(int64_t{edge.place});
    children.Add(edge.child);
  }
  batch.Queue(
      "INSERT INTO orchestrator.task_parents (channel, parent_ord, place, child_ord) "
      "SELECT $1::bigint, parents.ord, edges.place, children.ord "
      "FROM unnest($2::uuid[], $3::bigint[], $4::uuid[]) AS edges (parent, place, child) CROSS JOIN LATERAL "
      "(SELECT ord FROM orchestrator.task_keys WHERE channel=$1::bigint AND key=edges.parent OFFSET 0) AS parents "
      "CROSS JOIN LATERAL "
      "(SELECT ord FROM orchestrator.task_keys WHERE channel=$1::bigint AND key=edges.child OFFSET 0) AS children",
      {parents, places, children}, edges.size(), "a task of an edge does not exist");
}

void QueueOutputs(Batch& batch, const std::vector<OutputRow>& outputs) {
  if (outputs.empty()) return;
  Array tasks = Array::Keys(), identifiers = Array::Bytes(), kinds = Array::Ints(), asset_keys = Array::Bytes();
  for (const OutputRow& row : outputs) {
    tasks.Add(row.task);
    identifiers.Add(std::string_view(row.identifier));
    kinds.Add(int64_t{row.kind});
    asset_keys.Add(std::string_view(row.asset_key));
  }
  batch.Queue(
      "INSERT INTO orchestrator.task_outputs (channel, task, identifier, kind, asset_key) "
      "SELECT $1::bigint, task, identifier, kind, asset_key "
      "FROM unnest($2::uuid[], $3::bytea[], $4::bigint[], $5::bytea[]) WITH ORDINALITY "
      "AS outputs (task, identifier, kind, asset_key, place) ORDER BY place",
      {tasks, identifiers, kinds, asset_keys}, outputs.size(), "");
}

void QueueLinks(Batch& batch, const ChangeSet& changes) {
  if (!changes.sample_links.empty()) {
    Array managers = Array::Keys(), orders = Array::Ints(), samples = Array::Keys();
    for (const SampleLink& link : changes.sample_links) {
      managers.Add(link.manager);
      orders.Add(link.sample_order);
      samples.Add(link.sample);
    }
    batch.Queue(
        "INSERT INTO orchestrator.manager_samples (channel, manager, sample_ord, sample) "
        "SELECT $1::bigint, * FROM unnest($2::uuid[], $3::bigint[], $4::uuid[]) ON CONFLICT DO NOTHING",
        {managers, orders, samples}, std::nullopt, "");
  }
  if (!changes.plan_functions.empty()) {
    Array plans = Array::Keys(), orders = Array::Ints();
    for (const PlanFunction& link : changes.plan_functions) {
      plans.Add(link.plan);
      orders.Add(link.function_order);
    }
    batch.Queue(
        "INSERT INTO orchestrator.plan_functions (channel, plan, function_ord) "
        "SELECT $1::bigint, * FROM unnest($2::uuid[], $3::bigint[]) ON CONFLICT DO NOTHING",
        {plans, orders}, std::nullopt, "");
  }
}

struct EventColumns {
  Array positions = Array::Ints(), ids = Array::Keys(), asset_kinds = Array::Ints(), event_kinds = Array::Ints();
  Array key_hashes = Array::Ints(), asset_keys = Array::Bytes(), timestamps = Array::Ints();
  Array reason_hashes = Array::Ints(), reasons = Array::Bytes(), bodies = Array::Bytes(), digests = Array::Bytes();

  void Add(const EventRow& event, Sha256& sha256) {
    const std::optional<Key> id = Key::FromCanonical(event.id);
    ORC_ASSERT(id && PositionInEventId(event.id) == event.position);
    positions.Add(event.position);
    ids.Add(*id);
    asset_kinds.Add(int64_t{event.asset_kind});
    event_kinds.Add(int64_t{event.event_kind});
    key_hashes.Add(AssetKeyHash(event.asset_key));
    asset_keys.Add(std::string_view(event.asset_key));
    timestamps.Add(event.timestamp_us);
    if (event.reason.empty()) {
      reason_hashes.AddNull();
      reasons.AddNull();
    } else {
      reason_hashes.Add(ReasonHash(event.reason));
      reasons.Add(std::string_view(event.reason));
    }
    bodies.Add(std::string_view(*event.body));
    const std::array<uint8_t, 32> digest = sha256.Digest(*event.body);
    digests.Add(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  }
};

Head QueueEvents(Batch& batch, const std::vector<EventRow>& events, Head head) {
  if (events.empty()) return head;
  EventColumns columns;
  Sha256 sha256;
  for (const EventRow& event : events) {
    ORC_ASSERT(event.position == head.position + 1);
    ORC_ASSERT(event.timestamp_us >= head.timestamp_us);
    columns.Add(event, sha256);
    head = {event.position, event.timestamp_us};
  }
  const auto& [positions, ids, asset_kinds, event_kinds, key_hashes, asset_keys, timestamps, reason_hashes, reasons,
               bodies, digests] = columns;
  batch.Queue(
      "INSERT INTO orchestrator.events (channel, position, id, asset_kind, event_kind, key_hash, asset_key, "
      "timestamp_us, reason_hash, reason, body, sha256) SELECT $1::bigint, * FROM unnest($2::bigint[], $3::uuid[], "
      "$4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bigint[], $9::bigint[], $10::bytea[], $11::bytea[], "
      "$12::bytea[])",
      {positions, ids, asset_kinds, event_kinds, key_hashes, asset_keys, timestamps, reason_hashes, reasons, bodies,
       digests},
      events.size(), "");
  return head;
}

}  // namespace

Head WriteChanges(Connection& connection, int64_t channel, const ChangeSet& changes, Head head) {
  Batch batch(connection, channel);
  QueueNewAssets(batch, changes.new_assets);
  QueueChangedAssets(batch, changes.changed_assets);
  QueueNewTasks(batch, changes.new_tasks);
  QueueChangedTasks(batch, changes.changed_tasks);
  QueueEdges(batch, changes.edges);
  QueueOutputs(batch, changes.outputs);
  QueueLinks(batch, changes);
  head = QueueEvents(batch, changes.events, head);
  ORC_ASSERT(changes.events.empty() || head == changes.head);
  batch.Run();
  return head;
}

void QueueHead(Connection& connection, int64_t channel, const Head& head) {
  connection.Queue("UPDATE orchestrator.heads SET position=$2, timestamp_us=$3 WHERE channel=$1::bigint",
                   Parameters().Int(channel).Int(head.position).Int(head.timestamp_us));
}

}  // namespace orc::postgres
