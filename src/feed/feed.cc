#include "feed/feed.h"

#include <algorithm>

namespace orc {

Feed::Feed(int64_t head, int64_t max_bytes, Executor& executor)
    : max_bytes_(max_bytes), executor_(executor), head_(head) {}

void Feed::Publish(std::vector<EventRow> events, int64_t head) {
  std::unordered_set<Waiter*> waiters;
  {
    const std::lock_guard lock(mutex_);
    // The events of a head that is known already may still be missing in the tail.
    if (head < head_ || (head == head_ && events.size() <= tail_.size())) return;
    const int64_t before_first = head - static_cast<int64_t>(events.size());
    if (before_first != head_) {
      tail_.clear();
      tail_bytes_ = 0;
    }
    for (EventRow& event : events) {
      tail_bytes_ += static_cast<int64_t>(event.body->size());
      tail_.push_back(std::move(event.body));
    }
    while (tail_bytes_ > max_bytes_) {
      tail_bytes_ -= static_cast<int64_t>(tail_.front()->size());
      tail_.pop_front();
    }
    head_ = head;
    waiters.swap(waiters_);
  }
  WakeAll(std::move(waiters));
}

void Feed::WakeAll(std::unordered_set<Waiter*> waiters) {
  if (waiters.empty()) return;
  // Each feed has at most one wake-up in the queue per commit, and the executor is made for that.
  auto job = [woken = std::move(waiters)] {
    for (Waiter* waiter : woken) waiter->Wake();
  };
  const bool taken = executor_.Submit(job);
  if (!taken) job();  // the process stops: waiters must end all the same
}

Feed::Batch Feed::Next(int64_t position, size_t max_events, Waiter* waiter) {
  const std::lock_guard lock(mutex_);
  if (closed_) return {Place::kClosed, {}};
  // A follower that has read the store may be ahead of what has been published.
  const int64_t missing = head_ - position;
  if (missing <= 0) {
    waiters_.insert(waiter);
    return {Place::kCaughtUp, {}};
  }
  if (missing > static_cast<int64_t>(tail_.size())) return {Place::kBehind, {}};
  const auto first = tail_.end() - missing;
  auto last = first;
  const auto end = first + std::min(missing, static_cast<int64_t>(max_events));
  for (int64_t bytes = 0; last != end && bytes < kMaxBatchBytes; ++last) bytes += static_cast<int64_t>((*last)->size());
  return {Place::kInTail, std::vector<EventBody>(first, last)};
}

bool Feed::StopWaiting(Waiter* waiter) {
  const std::lock_guard lock(mutex_);
  return waiters_.erase(waiter) > 0;
}

void Feed::Close() {
  std::unordered_set<Waiter*> waiters;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiters.swap(waiters_);
  }
  WakeAll(std::move(waiters));
}

int64_t Feed::Head() const {
  const std::lock_guard lock(mutex_);
  return head_;
}

size_t Feed::WaiterCount() const {
  const std::lock_guard lock(mutex_);
  return waiters_.size();
}

}  // namespace orc
