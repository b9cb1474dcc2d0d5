// What the Snapshots and Transactions of a store have in common: its queries, behind the wall that turns exceptions
// into errors.
//
// Queries has a function for each of Snapshot, which throws; Wall::Call(work) calls `work`, which returns a Result, and
// turns what it throws into an error. After a failure every call fails alike: the database may have ended the
// transaction by itself, and what followed would see another state, or be committed on its own. Not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.h"

namespace orc {

template <class Interface, class Queries, class Wall>
class Reading : public Interface {
 public:
  Result<Head> GetHead() override { return Query(&Queries::GetHead); }
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
  Result<std::vector<ParentEdge>> ListEdges(std::span<const Key> parents, size_t limit) override {
    return Query(&Queries::ListEdges, parents, limit);
  }
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
  explicit Reading(Queries queries) : queries_(std::move(queries)) {}

  // Calls `work`, which returns a Result, unless a call has failed before.
  template <class Work>
  auto Call(Work work) -> decltype(work()) {
    if (failure_) return tl::unexpected<Error>(*failure_);
    auto result = Wall::Call(work);
    if (!result) failure_ = result.error();
    return result;
  }

  bool HasFailed() const { return failure_.has_value(); }

 private:
  template <class Rows, class... Parameters, class... Arguments>
  Result<Rows> Query(Rows (Queries::*query)(Parameters...), const Arguments&... arguments) {
    return Call([&]() -> Result<Rows> { return (queries_.*query)(arguments...); });
  }

  Queries queries_;
  std::optional<Error> failure_;
};

}  // namespace orc
