#include "store/sqlite/recent_keys.h"

#include <algorithm>
#include <limits>

#include "store/event_hashes.h"
#include "store/sqlite/encoding.h"

namespace orc::sqlite {
namespace {

// Keys that are moved at once. Fewer would share no pages, more would be felt by the call that waits for them.
constexpr size_t kPortionKeys = 256;
constexpr size_t kMinGenerationKeys = 1'024;

// Writes the last `count` of `keys` by `insert` and removes them; how many there were. Some may be in the table
// already: of a portion that was written when the server last stopped.
template <class Entry>
size_t MoveLast(Connection& connection, std::string_view insert, size_t count, std::vector<Entry>& keys) {
  Use use(connection, insert);
  size_t moved = 0;
  for (; moved < count && !keys.empty(); ++moved, keys.pop_back()) {
    use.Bind(1, keys.back().first);
    use.Bind(2, keys.back().second);
    use.Run();
  }
  return moved;
}

}  // namespace

void KeyGeneration::AddTasks(const std::vector<KeyedTask>& tasks) {
  const std::unique_lock lock(mutex_);
  tasks_.insert(tasks.begin(), tasks.end());
}

void KeyGeneration::AddEvents(const std::vector<KeyedEvent>& events) {
  const std::unique_lock lock(mutex_);
  for (const KeyedEvent& event : events) {
    const auto newest = newest_events_.find(event.first);
    events_.push_back({event, newest == newest_events_.end() ? std::nullopt : std::optional(newest->second)});
    newest_events_[event.first] = events_.size() - 1;
  }
}

std::optional<int64_t> KeyGeneration::FindTask(const Key& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return std::nullopt;
  return found->second;
}

void KeyGeneration::FindEvents(int64_t key_hash, int64_t low, int64_t high, std::vector<int64_t>& positions) const {
  const std::shared_lock lock(mutex_);
  const auto newest = newest_events_.find(key_hash);
  if (newest == newest_events_.end()) return;
  const auto first = static_cast<std::ptrdiff_t>(positions.size());
  for (std::optional<size_t> at = newest->second; at; at = events_[*at].before) {
    const int64_t position = events_[*at].event.second;
    if (position <= low) break;
    if (position < high) positions.push_back(position);
  }
  std::reverse(positions.begin() + first, positions.end());
}

size_t KeyGeneration::size() const {
  const std::shared_lock lock(mutex_);
  return tasks_.size() + events_.size();
}

std::vector<KeyedTask> KeyGeneration::Tasks() const {
  std::vector<KeyedTask> tasks;
  {
    const std::shared_lock lock(mutex_);
    tasks.assign(tasks_.begin(), tasks_.end());
  }
  std::sort(tasks.begin(), tasks.end());
  return tasks;
}

std::vector<KeyedEvent> KeyGeneration::Events() const {
  std::vector<KeyedEvent> events;
  {
    const std::shared_lock lock(mutex_);
    events.reserve(events_.size());
    for (const Link& link : events_) events.push_back(link.event);
  }
  std::sort(events.begin(), events.end());
  return events;
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
    std::vector<KeyedTask> tasks;
    Use use(connection, "SELECT key, ord FROM tasks WHERE ord>?1 ORDER BY ord");
    use.Bind(1, keyed.order);
    while (use.Step()) {
      last_order = use.Int(1);
      tasks.emplace_back(use.AsKey(0), last_order);
    }
    loaded->AddTasks(tasks);
  }
  {
    std::vector<KeyedEvent> events;
    Use use(connection, "SELECT asset_key, position FROM events WHERE position>?1 ORDER BY position");
    use.Bind(1, keyed.position);
    while (use.Step()) events.emplace_back(AssetKeyHash(AssetKeyAt(use, 0)), use.Int(1));
    loaded->AddEvents(events);
  }
  added_keys_ = 0;
  last_order_ = last_order;
  older_moved_ = false;
  {
    const std::lock_guard lock(mutex_);
    after_ = keyed;
    older_ = nullptr;
    newer_ = std::move(loaded);
  }
  if (newer_->size() >= GenerationKeys()) StartNewGeneration(head_position);
  stale_ = false;
}

void RecentKeys::StartNewGeneration(int64_t head_position) {
  stale_ = true;  // unless all of it works
  auto newest = std::make_shared<KeyGeneration>();
  tasks_to_move_ = newer_->Tasks();
  std::reverse(tasks_to_move_.begin(), tasks_to_move_.end());
  events_to_move_ = newer_->Events();
  std::reverse(events_to_move_.begin(), events_to_move_.end());
  older_end_ = {last_order_, head_position};
  const std::lock_guard lock(mutex_);
  older_ = std::exchange(newer_, std::move(newest));
}

void RecentKeys::AddTasks(const std::vector<KeyedTask>& tasks) {
  stale_ = true;
  newer_->AddTasks(tasks);
  for (const auto& task : tasks) last_order_ = std::max(last_order_, task.second);
  added_keys_ += tasks.size();
}

void RecentKeys::AddEvents(const std::vector<KeyedEvent>& events) {
  stale_ = true;
  newer_->AddEvents(events);
  added_keys_ += events.size();
}

Keyed RecentKeys::Move(Connection& connection, int64_t head_position) {
  if (older_ == nullptr) {
    added_keys_ = 0;
    if (newer_->size() >= GenerationKeys()) StartNewGeneration(head_position);
    return after_;
  }
  const size_t portion = Portion();
  if (portion < std::min(kPortionKeys, max_generation_keys_)) return after_;
  stale_ = true;
  added_keys_ = 0;
  const size_t tasks =
      MoveLast(connection, "INSERT OR IGNORE INTO task_keys (key, ord) VALUES (?1, ?2)", portion, tasks_to_move_);
  MoveLast(connection, "INSERT OR IGNORE INTO event_keys (key_hash, position) VALUES (?1, ?2)", portion - tasks,
           events_to_move_);
  older_moved_ = tasks_to_move_.empty() && events_to_move_.empty();
  return older_moved_ ? older_end_ : after_;
}

size_t RecentKeys::GenerationKeys() const {
  // A quarter of what the tables have, so that a key shares its page with about as many others however large the
  // channel is.
  const size_t wanted = std::max(static_cast<size_t>(after_.position) / 4, kMinGenerationKeys);
  return std::min(wanted, max_generation_keys_);
}

size_t RecentKeys::Portion() const {
  const size_t older_keys = older_->size();
  // A generation of a huge transaction, or of servers that stopped again and again before they had moved what they
  // found: with a quarter in each commit it cannot grow on.
  if (older_keys > 2 * max_generation_keys_) return older_keys / 4;
  // Somewhat faster than new keys come, so that the older generation is gone before the newer one is full.
  const size_t portion = added_keys_ + added_keys_ / 8;
  return older_keys > GenerationKeys() + GenerationKeys() / 8 ? 2 * portion : portion;
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
