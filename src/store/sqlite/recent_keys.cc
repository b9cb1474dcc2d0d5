#include "store/sqlite/recent_keys.h"

#include <algorithm>
#include <limits>

#include "store/event_hashes.h"
#include "store/sqlite/encoding.h"

namespace orc::sqlite {
namespace {

// Keys that are moved at once. Fewer would share no pages, more would be felt by the call that waits for them.
constexpr size_t kPortionKeys = 256;

}  // namespace

void KeyGeneration::AddTasks(const std::vector<std::pair<Key, int64_t>>& tasks) {
  const std::unique_lock lock(mutex_);
  for (const auto& task : tasks) tasks_.insert(task);
}

void KeyGeneration::AddEvents(const std::vector<std::pair<int64_t, int64_t>>& events) {
  const std::unique_lock lock(mutex_);
  for (const auto& event : events) events_.insert(event);
}

std::optional<int64_t> KeyGeneration::FindTask(const Key& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = tasks_.lower_bound({key, 0});
  if (found == tasks_.end() || found->first != key) return std::nullopt;
  return found->second;
}

void KeyGeneration::FindEvents(int64_t key_hash, int64_t low, int64_t high, std::vector<int64_t>& positions) const {
  const std::shared_lock lock(mutex_);
  for (auto event = events_.upper_bound({key_hash, low}); event != events_.end(); ++event) {
    if (event->first != key_hash || event->second >= high) return;
    positions.push_back(event->second);
  }
}

size_t KeyGeneration::size() const {
  const std::shared_lock lock(mutex_);
  return tasks_.size() + events_.size();
}

std::optional<int64_t> KeysView::FindTask(const Key& key) const {
  std::optional<int64_t> order = newer->FindTask(key);
  if (!order && older != nullptr) order = older->FindTask(key);
  return order;
}

std::vector<int64_t> KeysView::FindEvents(int64_t key_hash, int64_t low, int64_t high) const {
  std::vector<int64_t> positions;
  if (older != nullptr) older->FindEvents(key_hash, low, high, positions);
  newer->FindEvents(key_hash, low, high, positions);
  return positions;
}

KeysView RecentKeys::View() const {
  const std::lock_guard lock(mutex_);
  return {after_, older_, newer_};
}

void RecentKeys::Load(Connection& connection, const Keyed& keyed, int64_t head_position) {
  int64_t last_order = keyed.order;
  auto loaded = std::make_shared<KeyGeneration>();
  {
    std::vector<std::pair<Key, int64_t>> tasks;
    Use use(connection, "SELECT key, ord FROM tasks WHERE ord>?1 ORDER BY ord");
    use.Bind(1, keyed.order);
    while (use.Step()) {
      last_order = use.Int(1);
      tasks.emplace_back(use.AsKey(0), last_order);
    }
    loaded->AddTasks(tasks);
  }
  {
    std::vector<std::pair<int64_t, int64_t>> events;
    Use use(connection, "SELECT asset_key, position FROM events WHERE position>?1");
    use.Bind(1, keyed.position);
    while (use.Step()) events.emplace_back(AssetKeyHash(AssetKeyAt(use, 0)), use.Int(1));
    loaded->AddEvents(events);
  }
  added_keys_ = 0;
  last_order_ = last_order;
  older_moved_ = false;
  stale_ = false;
  {
    const std::lock_guard lock(mutex_);
    after_ = keyed;
    older_ = nullptr;
    newer_ = std::move(loaded);
  }
  if (newer_->size() >= generation_keys_) StartNewGeneration(head_position);
}

void RecentKeys::StartNewGeneration(int64_t head_position) {
  const std::lock_guard lock(mutex_);
  older_ = std::exchange(newer_, std::make_shared<KeyGeneration>());
  older_end_ = {last_order_, head_position};
  next_task_ = older_->tasks().begin();
  next_event_ = older_->events().begin();
}

void RecentKeys::AddTasks(const std::vector<std::pair<Key, int64_t>>& tasks) {
  stale_ = true;
  newer_->AddTasks(tasks);
  for (const auto& task : tasks) last_order_ = std::max(last_order_, task.second);
  added_keys_ += tasks.size();
}

void RecentKeys::AddEvents(const std::vector<std::pair<int64_t, int64_t>>& events) {
  stale_ = true;
  newer_->AddEvents(events);
  added_keys_ += events.size();
}

Keyed RecentKeys::Move(Connection& connection, int64_t head_position) {
  if (older_ == nullptr) {
    added_keys_ = 0;
    if (newer_->size() >= generation_keys_) StartNewGeneration(head_position);
    return after_;
  }
  const size_t portion = Portion();
  if (portion < std::min(kPortionKeys, generation_keys_)) return after_;
  stale_ = true;
  added_keys_ = 0;
  MoveEvents(connection, portion - MoveTasks(connection, portion));
  older_moved_ = next_task_ == older_->tasks().end() && next_event_ == older_->events().end();
  return older_moved_ ? older_end_ : after_;
}

size_t RecentKeys::Portion() const {
  const size_t older_keys = older_->size();
  // Left by servers that stopped before they had moved what they had found.
  if (older_keys > 2 * generation_keys_) return older_keys;
  // Somewhat faster than new keys come, so that the older generation is gone before the newer one is full.
  const size_t portion = added_keys_ + added_keys_ / 4;
  return older_keys > generation_keys_ ? 2 * portion : portion;
}

size_t RecentKeys::MoveTasks(Connection& connection, size_t count) {
  // Some may be there: of a portion that was written when the server last stopped.
  Use use(connection, "INSERT OR IGNORE INTO task_keys (key, ord) VALUES (?1, ?2)");
  size_t moved = 0;
  for (; moved < count && next_task_ != older_->tasks().end(); ++moved, ++next_task_) {
    use.Bind(1, next_task_->first);
    use.Bind(2, next_task_->second);
    use.Run();
  }
  return moved;
}

size_t RecentKeys::MoveEvents(Connection& connection, size_t count) {
  Use use(connection, "INSERT OR IGNORE INTO event_keys (key_hash, position) VALUES (?1, ?2)");
  size_t moved = 0;
  for (; moved < count && next_event_ != older_->events().end(); ++moved, ++next_event_) {
    use.Bind(1, next_event_->first);
    use.Bind(2, next_event_->second);
    use.Run();
  }
  return moved;
}

void RecentKeys::Committed() {
  stale_ = false;
  if (!older_moved_) return;
  older_moved_ = false;
  const std::lock_guard lock(mutex_);
  after_ = older_end_;
  older_ = nullptr;
}

}  // namespace orc::sqlite
