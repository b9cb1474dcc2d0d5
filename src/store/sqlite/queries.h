// What a Snapshot answers, over one connection that is inside a transaction: store.h says what each function returns.
//
// Not thread-safe. Every function throws as Connection does. The connection, and what it sees besides its tables, must
// outlive the object.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/recent_keys.h"
#include "store/store.h"

namespace orc::sqlite {

// The newest event that the connection sees, and the keys that its tables lack: those of rows after `keyed`.
struct Seen {
  Head head;
  Keyed keyed;
  KeysView keys;
};

class Queries {
 public:
  Queries(Connection& connection, const Seen& seen) : connection_(connection), seen_(seen) {}

  Head GetHead() { return seen_.head; }
  std::vector<AssetRow> FindAssets(orchestrator::AssetKind kind, std::span<const std::string> keys);
  std::vector<AssetRow> ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter, const Page& page);
  std::vector<AssetRow> ListPlanFunctions(const Key& plan, const Page& page);
  std::vector<Key> ListManagerSamples(const Key& manager);

  std::vector<TaskRow> FindTaskRows(std::span<const Key> keys);
  std::vector<FullTaskRow> FindTasks(std::span<const Key> keys);
  std::vector<FullTaskRow> ListTasks(const TaskFilter& filter, const Page& page);
  std::vector<TaskRef> ListFunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status);
  std::vector<Key> ListChildren(const Key& parent);
  std::vector<ParentEdge> ListEdges(std::span<const Key> parents, size_t limit);
  std::vector<OutputRow> FindOutputs(std::span<const Key> tasks);
  bool HasUnfinishedTask(const Key& plan);

  std::vector<EventRow> ListEvents(const EventFilter& filter, const Page& page);
  std::vector<EventRow> EventsAfter(int64_t position, int32_t limit, int64_t max_bytes);
  std::optional<int64_t> FindEvent(std::string_view id);

 private:
  std::optional<TaskRow> FindTaskRow(const Key& key);
  // Ends early once the bodies reach `max_bytes`.
  std::vector<FullTaskRow> WithBodies(std::vector<TaskRow> rows, int64_t max_bytes);
  // The first position whose event is not older than `timestamp_us`; the one after the head when all are.
  int64_t FirstPositionAt(int64_t timestamp_us);

  Connection& connection_;
  const Seen& seen_;
};

}  // namespace orc::sqlite
