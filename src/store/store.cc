#include "store/store.h"

#include <algorithm>

namespace orc {

int32_t MillisecondsUntil(Deadline deadline, int32_t longest_ms) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int32_t>(std::clamp<int64_t>(left.count(), 1, longest_ms));
}

}  // namespace orc
