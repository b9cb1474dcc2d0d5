// FairQueue: what waits, in one lane for each party. The lanes take turns, so that nobody's crowd holds up another's
// single item; within a lane, first in is first out. An item has a weight, which is added up per lane and in all; a
// party without a name has a lane like any other. Not thread-safe. No operation fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace orc {

template <class Item>
class FairQueue {
 public:
  void Push(const std::string& party, Item item, int64_t weight = 0) {
    const auto [place, is_new] = lanes_.try_emplace(party);
    if (is_new) turns_.push_back(place);
    place->second.items.emplace_back(std::move(item), weight);
    place->second.weight += weight;
    weight_ += weight;
    ++size_;
  }

  // These two require that the queue is not empty. What Next shows, Pop takes.
  const Item& Next() const { return turns_.front()->second.items.front().first; }
  Item Pop() {
    const auto place = turns_.front();
    Lane& lane = place->second;
    auto [item, weight] = std::move(lane.items.front());
    lane.items.pop_front();
    lane.weight -= weight;
    weight_ -= weight;
    --size_;
    turns_.pop_front();
    if (lane.items.empty()) {
      lanes_.erase(place);
    } else {
      turns_.push_back(place);
    }
    return std::move(item);
  }

  bool IsEmpty() const { return size_ == 0; }
  size_t size() const { return size_; }
  int64_t weight() const { return weight_; }
  int64_t WeightOf(const std::string& party) const {
    const auto found = lanes_.find(party);
    return found == lanes_.end() ? 0 : found->second.weight;
  }

 private:
  struct Lane {
    std::deque<std::pair<Item, int64_t>> items;
    int64_t weight = 0;
  };
  using Lanes = std::map<std::string, Lane>;

  Lanes lanes_;                                 // none is empty
  std::deque<typename Lanes::iterator> turns_;  // each lane once, the next one first
  size_t size_ = 0;
  int64_t weight_ = 0;
};

}  // namespace orc
