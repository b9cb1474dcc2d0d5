#include "base/executor.h"

namespace orc {

Executor::Executor(size_t threads, size_t max_queued) : max_queued_(max_queued) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Executor::~Executor() {
  Stop();
}

bool Executor::Submit(std::function<void()> job, const std::string& party) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= max_queued_) return false;
    queue_.Push(party, std::move(job));
  }
  wake_.notify_one();
  return true;
}

void Executor::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Executor::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.IsEmpty(); });
    if (queue_.IsEmpty()) return;
    const std::function<void()> job = queue_.Pop();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace orc
