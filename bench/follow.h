// Many subscribers at once.
#pragma once

#include <functional>

#include "loop.h"

namespace bench {

// Subscribes by `call`, `subscribers` times, each over a connection of its own, spread over kFollowThreads threads.
// `on_event(subscriber, event)` says whether that subscriber goes on; it is called on the thread
// `subscriber % kFollowThreads`. Returns when none goes on, or after `most_seconds`; the number of those that then
// still went on.
inline constexpr size_t kFollowThreads = 2;
size_t Follow(size_t subscribers, const std::function<Caller()>& new_caller, const Call& call, double most_seconds,
              const std::function<bool(size_t, const grpc::ByteBuffer&)>& on_event);

}  // namespace bench
