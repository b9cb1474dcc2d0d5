// The Snapshots and Transactions of a channel: the queries behind the wall that turns exceptions into errors.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite/channel.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/queries.h"

namespace orc::sqlite {

// What Snapshot and Transaction have in common. After a failure every call fails alike: SQLite may have ended the
// transaction by itself, and what followed would see another state, or be committed on its own.
template <class Interface>
class Reading : public Interface {
 public:
  Result<Head> GetHead() override {
    return Call([this]() -> Result<Head> { return head_; });
  }
  Result<std::vector<AssetRow>> FindAssets(orchestrator::AssetKind kind, std::span<const std::string> keys) override {
    return Query(&Queries::FindAssets, kind, keys);
  }
  Result<std::vector<AssetRow>> ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter,
                                           const Page& page) override {
    return Query(&Queries::ListAssets, kind, filter, page);
  }
  Result<std::vector<AssetRow>> ListPlanFunctions(const Key& plan, const Page& page) override {
    return Query(&Queries::ListPlanFunctions, plan, page);
  }
  Result<std::vector<Key>> ListManagerSamples(const Key& manager) override {
    return Query(&Queries::ListManagerSamples, manager);
  }
  Result<std::vector<TaskRow>> FindTaskRows(std::span<const Key> keys) override {
    return Query(&Queries::FindTaskRows, keys);
  }
  Result<std::vector<FullTaskRow>> FindTasks(std::span<const Key> keys) override {
    return Query(&Queries::FindTasks, keys);
  }
  Result<std::vector<FullTaskRow>> ListTasks(const TaskFilter& filter, const Page& page) override {
    return Query(&Queries::ListTasks, filter, page);
  }
  Result<std::vector<TaskRef>> ListFunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status) override {
    return Query(&Queries::ListFunctionTasks, function, status);
  }
  Result<std::vector<Key>> ListChildren(const Key& parent) override { return Query(&Queries::ListChildren, parent); }
  Result<std::vector<OutputRow>> FindOutputs(std::span<const Key> tasks) override {
    return Query(&Queries::FindOutputs, tasks);
  }
  Result<bool> HasUnfinishedTask(const Key& plan) override { return Query(&Queries::HasUnfinishedTask, plan); }
  Result<std::vector<EventRow>> ListEvents(const EventFilter& filter, const Page& page) override {
    return Query(&Queries::ListEvents, filter, page);
  }
  Result<std::vector<EventRow>> EventsAfter(int64_t position, int32_t limit, int64_t max_bytes) override {
    return Query(&Queries::EventsAfter, position, limit, max_bytes);
  }
  Result<std::optional<int64_t>> FindEvent(std::string_view id) override { return Query(&Queries::FindEvent, id); }

 protected:
  explicit Reading(Connection& connection) : connection_(connection), queries_(connection, head_) {}

  // Calls `work`, which returns a Result, unless a call has failed before.
  template <class Work>
  auto Call(Work work) -> decltype(work()) {
    if (failure_) return tl::unexpected<Error>(*failure_);
    auto result = Guarded(work);
    if (!result) failure_ = result.error();
    return result;
  }

  bool HasFailed() const { return failure_.has_value(); }

  Connection& connection_;
  Head head_;

 private:
  template <class Rows, class... Parameters, class... Arguments>
  Result<Rows> Query(Rows (Queries::*query)(Parameters...), const Arguments&... arguments) {
    return Call([&]() -> Result<Rows> { return (queries_.*query)(arguments...); });
  }

  Queries queries_;
  std::optional<Error> failure_;
};

// Holds one of the channel's readers.
class ChannelSnapshot final : public Reading<Snapshot> {
 public:
  ChannelSnapshot(Channel& channel, std::unique_ptr<Connection> reader)
      : Reading(*reader), channel_(channel), reader_(std::move(reader)) {}
  ~ChannelSnapshot() override;

  // Fixes the state that is seen. The first call.
  Result<void> Start();

 private:
  Channel& channel_;
  std::unique_ptr<Connection> reader_;
};

// Uses the channel's writer.
class ChannelTransaction final : public Reading<Transaction> {
 public:
  explicit ChannelTransaction(Channel& channel) : Reading(*channel.writer_), channel_(channel) {
    channel_.writing_ = true;
  }
  ~ChannelTransaction() override;

  // The first call.
  Result<void> Start();
  Result<void> Apply(const ChangeSet& changes) override;
  Result<void> Commit() override;

 private:
  Channel& channel_;
  int64_t commits_ = 0;   // of the channel before this one
  bool applied_ = false;  // there is something to commit
  bool ended_ = false;
};

}  // namespace orc::sqlite
