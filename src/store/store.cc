#include "store/store.h"

#include <algorithm>

namespace orc {

int32_t MillisecondsUntil(Deadline deadline, int32_t longest_ms) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int32_t>(std::clamp<int64_t>(left.count(), 1, longest_ms));
}

Result<std::vector<ParentEdge>> Transaction::ListEdges(std::span<const Key> parents, size_t limit) {
  std::vector<ParentEdge> edges;
  for (const Key& parent : parents) {
    ORC_ASSIGN(std::vector<Key> children, ListChildren(parent));
    children.resize(std::min(children.size(), limit));
    for (const Key& child : children) edges.push_back({parent, child});
  }
  return edges;
}

}  // namespace orc
