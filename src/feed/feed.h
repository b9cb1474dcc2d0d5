// Feed: the newest events of a channel in memory, for everybody who follows it.
//
// A follower is a position, and nothing of it is kept here unless it waits. Inside the tail it is served from memory;
// behind the tail it reads the store by itself (Snapshot::EventsAfter) until it is inside again: positions have no
// gaps, so nothing can be missed or repeated on the way. A slow follower costs nothing and holds back nobody.
//
// Thread-safe. Event bodies are shared, not copied.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/executor.h"
#include "store/store.h"

namespace orc {

// Somebody who waits for events.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // Called once after Feed::Next has answered kCaughtUp, on a thread of the feed's executor.
  virtual void Wake() = 0;
};

using EventBody = std::shared_ptr<const std::string>;

// A follower takes no further events at a time once it has this many bytes: what one that reads slowly may hold, but
// for one large event.
inline constexpr int64_t kMaxBatchBytes = 256 << 10;

class Feed {
 public:
  // `head`: the position of the newest event. `max_bytes` bounds the tail. `executor` runs the wake-ups and outlives
  // the feed.
  Feed(int64_t head, int64_t max_bytes, Executor& executor);

  // Takes in the newest events of the channel, contiguous up to `head`; those between the last known one and the first
  // of these, if any, are read from the store by whoever needs them. Without events (another process has committed
  // them) it is told only that there are new ones. A head that is not newer changes nothing that followers see.
  void Publish(std::vector<EventRow> events, int64_t head);

  // Held by a follower for as long as it follows: events are brought into the tail only for somebody.
  class Follower {
   public:
    explicit Follower(Feed& feed) : feed_(feed) { ++feed_.followers_; }
    ~Follower() { --feed_.followers_; }
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

   private:
    Feed& feed_;
  };
  bool HasFollowers() const { return followers_ > 0; }

  enum class Place {
    kInTail,    // `events` follow the position
    kBehind,    // the next events are in the store only
    kCaughtUp,  // there are none yet: the waiter will be woken
    kClosed,    // the feed was closed: the waiter will not be woken
  };
  struct Batch {
    Place place = Place::kClosed;
    std::vector<EventBody> events;
  };
  // At most `max_events` of the events after `position`, and no more once they have kMaxBatchBytes.
  Batch Next(int64_t position, size_t max_events, Waiter* waiter);

  // The waiter no longer waits. True: Wake was not called and will not be. False: it was not waiting, or Wake is called
  // once more.
  bool StopWaiting(Waiter* waiter);

  // Wakes all waiters; from now on every Next answers kClosed.
  void Close();

  size_t WaiterCount() const;
  // The position of the newest event.
  int64_t Head() const;

 private:
  void WakeAll(std::unordered_set<Waiter*> waiters);

  const int64_t max_bytes_;
  Executor& executor_;
  std::atomic<int64_t> followers_{0};
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  int64_t head_;
  std::deque<EventBody> tail_;  // the last of them has position head_
  int64_t tail_bytes_ = 0;
  std::unordered_set<Waiter*> waiters_;
  bool closed_ = false;
};

}  // namespace orc
