// What the server's long-lived streams have in common: starting gRPC operations in a safe order, a bounded set of the
// open streams, and the refusal of a stream.
//
// gRPC's reactors leave three dangers to their users: an operation started after Finish touches freed memory; two
// writes at a time abort the process; and a completion may run inside the call that started the operation, so no lock
// that completions take may be held across it. StreamPump answers all three.
#pragma once

#include <grpcpp/support/status.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace orc {

// Decides and starts the operations of one stream, one at a time and in order. Thread-safe.
class StreamPump {
 public:
  // Applies `change` to the stream's state, then runs what `next` returns until it returns an empty function. Both are
  // called under the pump's lock, which guards the state; the returned functions are called without it. If another
  // call is at it already, that one goes on with the changed state. The caller keeps the stream alive meanwhile.
  template <class Change, class Next>
  void Run(Change change, Next next) {
    std::unique_lock lock(mutex_);
    change();
    if (running_) return;
    running_ = true;
    while (const std::function<void()> action = next()) {
      lock.unlock();
      action();
      lock.lock();
    }
    running_ = false;
  }

 private:
  std::mutex mutex_;
  bool running_ = false;
};

// The open streams of a service. Thread-safe; shares ownership of each stream until it is removed.
template <class Stream>
class StreamSet {
 public:
  explicit StreamSet(size_t capacity) : capacity_(capacity) {}

  // False, and nothing added, when the set is full.
  bool Add(std::shared_ptr<Stream> stream) {
    const std::lock_guard lock(mutex_);
    if (streams_.size() >= capacity_) return false;
    Stream* const key = stream.get();
    streams_.emplace(key, std::move(stream));
    return true;
  }

  void Remove(Stream* stream) {
    std::shared_ptr<Stream> last;  // released after the lock
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return;
    last = std::move(found->second);
    streams_.erase(found);
  }

  std::vector<std::shared_ptr<Stream>> All() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Stream>> all;
    for (const auto& [key, stream] : streams_) all.push_back(stream);
    return all;
  }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::map<Stream*, std::shared_ptr<Stream>> streams_;
};

// A reactor of any streaming kind that ends its call at once.
template <class Reactor>
class Refusal final : public Reactor {
 public:
  explicit Refusal(grpc::Status status) { this->Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

}  // namespace orc
