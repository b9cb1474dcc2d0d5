// What a Snapshot answers, over one connection: store.h says what each function returns.
//
// A Session is a transaction of one channel on a connection. That of a Snapshot begins with its first statement, in the
// same round trip, and sees one state from then on. Not thread-safe; every function throws as Connection does.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/connection.h"
#include "store/store.h"

namespace orc::postgres {

struct List;

class Session {
 public:
  // Of a Snapshot. `connection` outlives the session.
  Session(Connection& connection, int64_t channel, Deadline deadline)
      : connection_(connection), channel_(channel), deadline_(deadline) {}
  // Of a transaction that has begun at `head`.
  Session(Connection& connection, int64_t channel, const Head& head)
      : connection_(connection), channel_(channel), begun_(true), head_(head) {}

  Rows Ask(std::string_view sql, const Parameters& parameters);
  // The newest event, what the transaction has written included.
  const Head& head();
  void SetHead(const Head& head) { head_ = head; }
  int64_t channel() const { return channel_; }
  Connection& connection() { return connection_; }

 private:
  Connection& connection_;
  const int64_t channel_;
  const Deadline deadline_ = kNoDeadline;
  bool begun_ = false;
  std::optional<Head> head_;
};

class Queries {
 public:
  explicit Queries(Session& session) : session_(session) {}

  Head GetHead() { return session_.head(); }
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
  Rows AskList(const List& list, const Page& page, int64_t low = 0, int64_t high = INT64_MAX);
  // The first position whose event is not older than `timestamp_us`; the one after the head when all are.
  int64_t FirstPositionAt(int64_t timestamp_us);

  Session& session_;
};

}  // namespace orc::postgres
