#include "follow.h"

#include <array>
#include <deque>
#include <memory>
#include <thread>

namespace bench {
namespace {

class Followers {
 public:
  Followers(size_t first, size_t subscribers, const std::function<Caller()>& new_caller, const Call& call,
            const std::function<bool(size_t, const grpc::ByteBuffer&)>& on_event) {
    for (size_t i = first; i < subscribers; i += kFollowThreads) {
      auto& place = subscriptions_.emplace_back();
      place = std::make_unique<Subscription>(loop_, new_caller(), call,
                                             [this, &on_event, &place, i](const grpc::ByteBuffer& event) {
                                               if (on_event(i, event)) return;
                                               --going_on_;
                                               place->Stop();
                                             });
    }
    going_on_ = subscriptions_.size();
  }

  // How many still go on at the end.
  size_t Run(double most_seconds) {
    const auto started = Clock::now();
    loop_.RunWhile([&] { return going_on_ > 0 && SecondsSince(started) < most_seconds; });
    for (const auto& subscription : subscriptions_) subscription->Stop();
    for (const auto& subscription : subscriptions_) loop_.RunWhile([&] { return !subscription->ended(); });
    return going_on_;
  }

 private:
  Loop loop_;
  std::deque<std::unique_ptr<Subscription>> subscriptions_;  // which stay where they are
  size_t going_on_ = 0;
};

}  // namespace

size_t Follow(size_t subscribers, const std::function<Caller()>& new_caller, const Call& call, double most_seconds,
              const std::function<bool(size_t, const grpc::ByteBuffer&)>& on_event) {
  std::array<size_t, kFollowThreads> left{};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kFollowThreads; ++t) {
    threads.emplace_back([&, t] { left[t] = Followers(t, subscribers, new_caller, call, on_event).Run(most_seconds); });
  }
  size_t sum = 0;
  for (size_t t = 0; t < kFollowThreads; ++t) {
    threads[t].join();
    sum += left[t];
  }
  return sum;
}

}  // namespace bench
