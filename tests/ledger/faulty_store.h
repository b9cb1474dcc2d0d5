// A channel store over another one that fails on demand and counts what is asked of it: for tests of what the ledger
// makes of a store that fails. Settings and counts are thread-safe; the rest as ChannelStore says.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "store/store.h"

namespace orc {

// kRead: any look-up or list inside a transaction, the head included.
enum class StoreCall { kBegin, kRead, kApply, kCommit };

class FaultyStore final : public ChannelStore {
 public:
  explicit FaultyStore(ChannelStore& inner) : inner_(inner) {}

  // Lets `skip` calls of this sort pass, then fails the `times` calls after them. Nothing of a failed call reaches the
  // store within, unless `half_way`: it is then carried out and fails all the same.
  struct Fault {
    int skip = 0;
    int times = 1;
    ErrorKind kind = ErrorKind::kUnavailable;
    bool half_way = false;
  };
  void Fail(StoreCall call, Fault fault) {
    const std::lock_guard lock(mutex_);
    faults_[Index(call)] = fault;
  }
  // Lets somebody else write: `hook` is called once, on the writer's thread, before the next transaction begins.
  void BeforeBegin(std::function<void(ChannelStore& store)> hook) {
    const std::lock_guard lock(mutex_);
    before_begin_ = std::move(hook);
  }
  // How many calls of this sort there were, failed ones included.
  int Count(StoreCall call) const {
    const std::lock_guard lock(mutex_);
    return counts_[Index(call)];
  }

  Result<std::unique_ptr<Snapshot>> Read(Deadline deadline) override { return inner_.Read(deadline); }
  Result<std::unique_ptr<Transaction>> Begin() override;
  void Maintain() override { inner_.Maintain(); }

 private:
  friend class FaultyTransaction;

  static size_t Index(StoreCall call) { return static_cast<size_t>(call); }

  // Counts a call, then makes it or fails in its place.
  template <class Make>
  auto Guarded(StoreCall call, Make make) -> decltype(make()) {
    bool half_way = false;
    ErrorKind kind = ErrorKind::kUnavailable;
    {
      const std::lock_guard lock(mutex_);
      ++counts_[Index(call)];
      Fault& fault = faults_[Index(call)];
      if (fault.skip > 0) {
        --fault.skip;
      } else if (fault.times > 0) {
        --fault.times;
        half_way = fault.half_way;
        kind = fault.kind;
        if (!half_way) return orc::Fail(kind, "the medium is away");
      }
    }
    auto made = make();
    if (half_way) return orc::Fail(kind, "the medium went away");
    return made;
  }

  ChannelStore& inner_;
  mutable std::mutex mutex_;
  std::array<Fault, 4> faults_{Fault{0, 0}, Fault{0, 0}, Fault{0, 0}, Fault{0, 0}};  // guarded by mutex_
  std::function<void(ChannelStore&)> before_begin_;                                  // guarded by mutex_
  std::array<int, 4> counts_{};                                                      // guarded by mutex_
};

class FaultyTransaction final : public Transaction {
 public:
  FaultyTransaction(FaultyStore& store, std::unique_ptr<Transaction> inner) : store_(store), inner_(std::move(inner)) {}

  Result<Head> GetHead() override {
    return Reading([&] { return inner_->GetHead(); });
  }
  Result<std::vector<AssetRow>> FindAssets(orchestrator::AssetKind kind, std::span<const std::string> keys) override {
    return Reading([&] { return inner_->FindAssets(kind, keys); });
  }
  Result<std::vector<AssetRow>> ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter,
                                           const Page& page) override {
    return Reading([&] { return inner_->ListAssets(kind, filter, page); });
  }
  Result<std::vector<AssetRow>> ListPlanFunctions(const Key& plan, const Page& page) override {
    return Reading([&] { return inner_->ListPlanFunctions(plan, page); });
  }
  Result<std::vector<Key>> ListManagerSamples(const Key& manager) override {
    return Reading([&] { return inner_->ListManagerSamples(manager); });
  }
  Result<std::vector<TaskRow>> FindTaskRows(std::span<const Key> keys) override {
    return Reading([&] { return inner_->FindTaskRows(keys); });
  }
  Result<std::vector<FullTaskRow>> FindTasks(std::span<const Key> keys) override {
    return Reading([&] { return inner_->FindTasks(keys); });
  }
  Result<std::vector<FullTaskRow>> ListTasks(const TaskFilter& filter, const Page& page) override {
    return Reading([&] { return inner_->ListTasks(filter, page); });
  }
  Result<std::vector<TaskRef>> ListFunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status) override {
    return Reading([&] { return inner_->ListFunctionTasks(function, status); });
  }
  Result<std::vector<Key>> ListChildren(const Key& parent) override {
    return Reading([&] { return inner_->ListChildren(parent); });
  }
  Result<std::vector<ParentEdge>> ListEdges(std::span<const Key> parents, size_t limit) override {
    return Reading([&] { return inner_->ListEdges(parents, limit); });
  }
  Result<std::vector<OutputRow>> FindOutputs(std::span<const Key> tasks) override {
    return Reading([&] { return inner_->FindOutputs(tasks); });
  }
  Result<bool> HasUnfinishedTask(const Key& plan) override {
    return Reading([&] { return inner_->HasUnfinishedTask(plan); });
  }
  Result<std::vector<EventRow>> ListEvents(const EventFilter& filter, const Page& page) override {
    return Reading([&] { return inner_->ListEvents(filter, page); });
  }
  Result<std::vector<EventRow>> EventsAfter(int64_t position, int32_t limit, int64_t max_bytes) override {
    return Reading([&] { return inner_->EventsAfter(position, limit, max_bytes); });
  }
  Result<std::optional<int64_t>> FindEvent(std::string_view id) override {
    return Reading([&] { return inner_->FindEvent(id); });
  }
  Result<void> Apply(const ChangeSet& changes) override {
    return store_.Guarded(StoreCall::kApply, [&] { return inner_->Apply(changes); });
  }
  Result<void> Commit() override {
    return store_.Guarded(StoreCall::kCommit, [&] { return inner_->Commit(); });
  }

 private:
  template <class Make>
  auto Reading(Make make) -> decltype(make()) {
    return store_.Guarded(StoreCall::kRead, make);
  }

  FaultyStore& store_;
  const std::unique_ptr<Transaction> inner_;
};

inline Result<std::unique_ptr<Transaction>> FaultyStore::Begin() {
  std::function<void(ChannelStore&)> hook;
  {
    const std::lock_guard lock(mutex_);
    hook.swap(before_begin_);
  }
  if (hook) hook(inner_);
  return Guarded(StoreCall::kBegin, [&]() -> Result<std::unique_ptr<Transaction>> {
    ORC_ASSIGN(std::unique_ptr<Transaction> inner, inner_.Begin());
    return std::make_unique<FaultyTransaction>(*this, std::move(inner));
  });
}

}  // namespace orc
