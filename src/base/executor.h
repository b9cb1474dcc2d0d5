// Executor: a few threads that run jobs. The parties whose jobs wait take turns; jobs of one party are begun in the
// order they come. For work that may wait, which a gRPC thread must never do. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/fair_queue.h"

namespace orc {

class Executor {
 public:
  // `max_queued`: jobs that may wait for a thread.
  Executor(size_t threads, size_t max_queued);
  // As Stop.
  ~Executor();

  // Queues the job. False, and the job is not taken, when the queue is full or the executor has stopped. Jobs do not
  // throw.
  bool Submit(std::function<void()> job, const std::string& party = {});

  // Runs what is queued, then ends the threads. Not to be called from a job.
  void Stop();

 private:
  void Work();

  const size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  FairQueue<std::function<void()>> queue_;  // guarded by mutex_, as is stopping_
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace orc
