// Distinct: the values of a range, each once, in their order: that of an index, which makes many look-ups cheaper than
// the order of a caller. Pure.
#pragma once

#include <algorithm>
#include <vector>

namespace orc {

template <class Value, class Range>
std::vector<Value> Distinct(const Range& values) {
  std::vector<Value> distinct(values.begin(), values.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  return distinct;
}

}  // namespace orc
