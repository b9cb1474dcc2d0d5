// LookUps: the calls that ask for one asset of a kind, T, by its key. Those that wait at the same moment are answered
// by one question to the store, which costs little more than a question for one of them.
//
// Thread-safe. Each call brings a job of its own to the readers, in the turn of its organization; the first of these
// jobs takes all calls that wait, up to a bound, and those that find nobody left do nothing. So nobody waits longer
// than alone, and no delay is ever added. A look-up fails as the Snapshot does, with kNotFound, also for a text that is
// no key (decisions.md D11), and with kCancelled when its caller has left.
#pragma once

#include <absl/container/node_hash_map.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/executor.h"
#include "base/fair_queue.h"
#include "base/log.h"
#include "computetask.pb.h"
#include "store/assets.h"

namespace orc {

// What a look-up calls T when it is not there.
template <class T>
inline constexpr std::string_view kSoughtName = AssetType<T>::kName;
template <>
inline constexpr std::string_view kSoughtName<orchestrator::FailureReport> = "failure report";

// A call that waits for its asset.
template <class T>
class PendingLookUp {
 public:
  virtual ~PendingLookUp() = default;
  // As the caller wrote it, in any form of behaviour.md 4.1.
  virtual std::string_view SoughtKey() const = 0;
  virtual bool IsAbandoned() const = 0;
  virtual Deadline AnswerBy() const = 0;
  // Called once: answers with what `find` puts into the message, or fails with.
  virtual void Finish(const std::function<Result<void>(T&)>& find) = 0;
};

template <class T>
class LookUps {
 public:
  // Of one question: it bounds the bodies in memory, too.
  static constexpr size_t kMost = 8;

  // `store` outlives the look-ups, and they their jobs: the readers are stopped first.
  explicit LookUps(ChannelStore& store) : store_(store) {}

  // False, and the call is not taken, when too many jobs wait.
  bool Submit(PendingLookUp<T>* call, const std::string& organization, Executor& readers) {
    const std::lock_guard lock(mutex_);  // the job finds the call
    if (!readers.Submit([this] { Work(); }, organization)) return false;
    waiting_.Push(organization, call);
    return true;
  }

 private:
  static constexpr bool kIsTask = std::is_same_v<T, orchestrator::ComputeTask>;
  using Row = std::conditional_t<kIsTask, FullTaskRow, AssetRow>;
  using Found = absl::node_hash_map<Key, Row, KeyHash>;
  using Pending = PendingLookUp<T>;

  std::vector<Pending*> Take() {
    const std::lock_guard lock(mutex_);
    std::vector<Pending*> taken;
    while (!waiting_.IsEmpty() && taken.size() < kMost) taken.push_back(waiting_.Pop());
    return taken;
  }

  void Work() {
    const std::vector<Pending*> taken = Take();
    std::optional<Result<Found>> found;
    for (size_t i = 0; i < taken.size(); ++i) {
      Pending* const call = taken[i];
      call->Finish([&](T& asset) -> Result<void> {
        if (call->IsAbandoned()) return Fail(ErrorKind::kCancelled, "the caller has left");
        if (!found) found = Ask(std::span(taken).subspan(i));  // those before are answered, and gone
        // A row that cannot be understood is trouble of those who have asked for it.
        const bool alone = !*found && found->error().kind == ErrorKind::kInternal && taken.size() > 1;
        return alone ? Give(Ask(std::span(taken).subspan(i, 1)), *call, asset) : Give(*found, *call, asset);
      });
    }
  }

  Result<Found> Ask(std::span<Pending* const> calls) {
    std::vector<Key> keys;
    Deadline latest = Deadline::min();
    for (const Pending* const call : calls) {
      latest = std::max(latest, call->AnswerBy());
      if (const std::optional<Key> key = Key::FromAnyForm(call->SoughtKey())) keys.push_back(*key);
    }
    if (keys.empty()) return Found();
    Log(LogLevel::kDebug, "new DB transaction", {{"ReadOnly", "true"}});
    ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, store_.Read(latest));
    Found found;
    ORC_ASSIGN(std::vector<Row> rows, Find(*snapshot, keys));
    for (Row& row : rows) {
      const Key key = KeyOf(row);
      found.emplace(key, std::move(row));
    }
    return found;
  }

  static Result<std::vector<Row>> Find(Snapshot& snapshot, const std::vector<Key>& keys) {
    if constexpr (kIsTask) {
      return snapshot.FindTasks(keys);
    } else {
      std::vector<std::string> store_keys;
      store_keys.reserve(keys.size());
      for (const Key& key : keys) store_keys.push_back(StoreKey(key));
      return snapshot.FindAssets(AssetType<T>::kKind, store_keys);
    }
  }
  static Key KeyOf(const FullTaskRow& row) { return row.row.key; }
  static Key KeyOf(const AssetRow& row) { return Key::FromRaw(row.key); }

  static Result<void> Give(const Result<Found>& found, const Pending& call, T& asset) {
    if (!found) return tl::unexpected(found.error());
    const std::optional<Key> key = Key::FromAnyForm(call.SoughtKey());
    const auto row = key ? found->find(*key) : found->end();
    if (row == found->end()) return NotFound(kSoughtName<T>, call.SoughtKey());
    return Decode(row->second, asset);
  }

  ChannelStore& store_;
  std::mutex mutex_;
  FairQueue<Pending*> waiting_;  // guarded by mutex_; never more than there are jobs
};

// Those of one channel, of every kind that has a method for it.
template <class... T>
struct LookUpsOf : LookUps<T>... {
  explicit LookUpsOf(ChannelStore& store) : LookUps<T>(store)... {}
};
using AllLookUps =
    LookUpsOf<orchestrator::Function, orchestrator::DataManager, orchestrator::DataSample, orchestrator::ComputePlan,
              orchestrator::ComputeTask, orchestrator::Model, orchestrator::FailureReport>;

}  // namespace orc
