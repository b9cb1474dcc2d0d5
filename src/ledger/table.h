// Table: what a workspace knows of one kind of row. A row is unknown, known to be absent, or present; changes are
// staged over it, and those of the running command can be taken back. Not thread-safe. Pointers to values stay good
// until the row is rolled back or the table is cleared.
#pragma once

#include <absl/container/node_hash_map.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "domain/assert.h"

namespace orc {

template <class K, class V, class Hash = std::hash<K>>
class Table {
 public:
  bool Knows(const K& key) const { return slots_.contains(key); }

  // The value, or nullptr when it is absent. Requires Knows(key).
  const V* Get(const K& key) const {
    const auto found = slots_.find(key);
    ORC_ASSERT(found != slots_.end());
    return found->second.value ? &*found->second.value : nullptr;
  }

  // What the store holds. Leaves a row alone that is known already.
  void Learn(const K& key, std::optional<V> value) { slots_.try_emplace(key, Slot{std::move(value)}); }

  // Stages a new row. Requires that the row is known to be absent.
  V& Insert(const K& key, V value) {
    const auto found = slots_.find(key);
    ORC_ASSERT(found != slots_.end() && !found->second.value);
    Slot& slot = found->second;
    Save(key, slot);
    staged_.push_back(key);
    slot.value = std::move(value);
    slot.state = State::kNew;
    return *slot.value;
  }

  // Stages a change of a present row and gives access to it.
  V& Change(const K& key) {
    const auto found = slots_.find(key);
    ORC_ASSERT(found != slots_.end() && found->second.value);
    Slot& slot = found->second;
    Save(key, slot);
    if (slot.state == State::kClean) {
      staged_.push_back(key);
      slot.state = State::kChanged;
    }
    return *slot.value;
  }

  // Ends the running command: its changes stay.
  void Keep() {
    ForgetUndo();
    kept_ = staged_.size();
  }

  // Ends the running command: its changes are taken back.
  void TakeBack() {
    for (auto record = undo_.rbegin(); record != undo_.rend(); ++record) slots_[record->key] = std::move(record->slot);
    ForgetUndo();
    staged_.resize(kept_);
  }

  // Hands each staged row to `on_new` or `on_changed`, in the order of staging, and counts it as stored from then on.
  void Drain(const std::function<void(const K&, const V&)>& on_new,
             const std::function<void(const K&, const V&)>& on_changed) {
    for (const K& key : staged_) {
      Slot& slot = slots_.find(key)->second;
      (slot.state == State::kNew ? on_new : on_changed)(key, *slot.value);
      slot.state = State::kClean;
    }
    staged_.clear();
    ForgetUndo();
    kept_ = 0;
  }

  size_t Size() const { return slots_.size(); }

  // Forgets everything. Requires that nothing is staged, or that what is staged is given up.
  void Clear() {
    slots_.clear();
    ForgetUndo();
    staged_.clear();
    kept_ = 0;
  }

 private:
  enum class State { kClean, kNew, kChanged };
  struct Slot {
    std::optional<V> value;
    State state = State::kClean;
    uint64_t saved_by = 0;  // the command whose undo_ has the slot as it was
  };
  struct Undo {
    K key;
    Slot slot;
  };

  // Notes how the slot was before the running command, once: a value that grows with every change is copied once only.
  void Save(const K& key, Slot& slot) {
    if (slot.saved_by == command_) return;
    undo_.push_back({key, slot});
    slot.saved_by = command_;
  }
  void ForgetUndo() {
    undo_.clear();
    ++command_;
  }

  absl::node_hash_map<K, Slot, Hash> slots_;
  std::vector<Undo> undo_;
  std::vector<K> staged_;  // each once, in the order of staging
  size_t kept_ = 0;        // how many of staged_ belong to commands that ended well
  uint64_t command_ = 1;   // the number of the running command
};

}  // namespace orc
