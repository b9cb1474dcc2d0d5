// Fetcher: brings what other processes have committed to a channel into the tail of its feed, so that the store is read
// once for all followers instead of once by each. Nobody waits for it: what it does not bring, followers read.
//
// Thread-safe. The store, the feed and the executor, on which it reads, outlive it; the executor is stopped before it
// is destroyed.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/executor.h"
#include "feed/feed.h"
#include "store/store.h"

namespace orc {

class Fetcher {
 public:
  // More events than this are not brought: followers that are so far behind read for themselves.
  static constexpr int32_t kMaxEvents = 10'000;

  Fetcher(ChannelStore& store, Feed& feed, Executor& executor) : store_(store), feed_(feed), executor_(executor) {}

  // Another process has committed; `head`: the position of the newest event. The feed is told of it, sooner or later.
  void Fetch(int64_t head);

 private:
  void Work();
  void PublishUpTo(int64_t head);

  ChannelStore& store_;
  Feed& feed_;
  Executor& executor_;
  std::mutex mutex_;
  int64_t wanted_ = 0;    // guarded by mutex_
  bool working_ = false;  // guarded by mutex_: a job is queued or running
};

}  // namespace orc
