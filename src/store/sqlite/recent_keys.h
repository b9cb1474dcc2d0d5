// The keys of a channel that its tables of keys do not have yet.
//
// Keys are random: each that is written lands on a page of its own, and pages are what a large channel's registrations
// cost. So a commit leaves the keys of its rows here, and moves older ones into task_keys and event_keys instead, in
// the order of keys, where neighbours share pages. The row of the head says how far the tables are complete: they have
// the keys of all tasks and events up to there, and may have later ones. All after it are here, and are read back from
// the rows when the channel is opened: nothing is stored that a crash could lose.
//
// Keys are held in two generations: the newer one takes what is written; once it is full it becomes the older one,
// which is moved a portion with each commit, and forgotten when all of it is in the tables.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "domain/key.h"
#include "store/sqlite/connection.h"

namespace orc::sqlite {

// How far the tables of keys are complete.
struct Keyed {
  int64_t order = 0;     // of tasks
  int64_t position = 0;  // of events
};

using KeyedTask = std::pair<Key, int64_t>;       // with its `ord`
using KeyedEvent = std::pair<int64_t, int64_t>;  // the hash of its asset key, and its position

// Thread-safe.
class KeyGeneration {
 public:
  void AddTasks(const std::vector<KeyedTask>& tasks);
  // In the order of positions.
  void AddEvents(const std::vector<KeyedEvent>& events);
  std::optional<int64_t> FindTask(const Key& key) const;
  // Appends the positions strictly between `low` and `high`, in their order.
  void FindEvents(int64_t key_hash, int64_t low, int64_t high, std::vector<int64_t>& positions) const;
  size_t size() const;

  // All of them, in the order of keys.
  std::vector<KeyedTask> Tasks() const;
  std::vector<KeyedEvent> Events() const;

 private:
  // An event, and where the one before it with the same hash is.
  struct Link {
    KeyedEvent event;
    std::optional<size_t> before;
  };

  mutable std::shared_mutex mutex_;
  absl::flat_hash_map<Key, int64_t, KeyHash> tasks_;
  std::vector<Link> events_;
  absl::flat_hash_map<int64_t, size_t> newest_events_;  // by hash
};

// The keys of all rows after `after`, of those that come later too. There may be some of transactions that are not
// committed, or never will be: whoever reads must look at the row. Thread-safe, as long as it is not assigned to.
struct KeysView {
  Keyed after;
  std::shared_ptr<const KeyGeneration> older;
  std::shared_ptr<const KeyGeneration> newer;

  std::optional<int64_t> FindTask(const Key& key) const;
  // The positions strictly between `low` and `high`, in their order.
  std::vector<int64_t> FindEvents(int64_t key_hash, int64_t low, int64_t high) const;
};

// View() may be called by any thread, everything else by the channel's writer. Throws as Connection does.
class RecentKeys {
 public:
  // `max_generation_keys`: the most keys, of tasks and events together, that make a generation, but for those of a
  // large transaction. There are never more than three times as many here, and twice those of the largest transaction;
  // those of the older generation are here twice.
  explicit RecentKeys(size_t max_generation_keys) : max_generation_keys_(max_generation_keys) {}

  KeysView View() const;

  // Whether what is here may differ from what is stored, because a transaction has added keys and was not committed.
  bool IsStale() const { return stale_; }
  // Forgets all, and reads the keys of all rows after `keyed`. `head_position` is that of the newest event.
  void Load(Connection& connection, const Keyed& keyed, int64_t head_position);

  // Tasks come after those of earlier transactions; Claimed() is the last one that a new one must come after.
  int64_t Claimed() const { return older_ == nullptr ? after_.order : older_end_.order; }
  void AddTasks(const std::vector<KeyedTask>& tasks);
  void AddEvents(const std::vector<KeyedEvent>& events);
  // Writes what is due of the older generation; how far the tables are complete with it, to be written as well.
  // `head_position` is that of the transaction's last event. Once per transaction, after all keys were added.
  Keyed Move(Connection& connection, int64_t head_position);
  // The transaction is committed.
  void Committed();

 private:
  // How many keys make a generation now.
  size_t GenerationKeys() const;
  // How many keys of the older generation to move now.
  size_t Portion() const;
  void StartNewGeneration(int64_t head_position);

  const size_t max_generation_keys_;
  bool stale_ = false;
  size_t added_keys_ = 0;                 // since the last portion was moved
  int64_t last_order_ = 0;                // of all tasks
  Keyed older_end_;                       // how far the tables are complete once they have the older generation
  bool older_moved_ = false;              // they have, when this transaction is committed
  std::vector<KeyedTask> tasks_to_move_;  // of the older generation, the next one last
  std::vector<KeyedEvent> events_to_move_;

  mutable std::mutex mutex_;  // of what follows
  Keyed after_;
  std::shared_ptr<KeyGeneration> older_;
  std::shared_ptr<KeyGeneration> newer_ = std::make_shared<KeyGeneration>();
};

}  // namespace orc::sqlite
