#include "feed/fetcher.h"

#include <algorithm>
#include <utility>

namespace orc {

void Fetcher::Fetch(int64_t head) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = std::max(wanted_, head);
    if (std::exchange(working_, true)) return;
  }
  if (executor_.Submit([this] { Work(); })) return;
  feed_.Publish({}, head);  // the process stops, or has more to do than it can
  const std::lock_guard lock(mutex_);
  working_ = false;
}

void Fetcher::Work() {
  for (;;) {
    int64_t head = 0;
    {
      const std::lock_guard lock(mutex_);
      head = wanted_;
      if (feed_.Head() >= head) {
        working_ = false;
        return;
      }
    }
    PublishUpTo(head);
  }
}

void Fetcher::PublishUpTo(int64_t head) {
  const int64_t known = feed_.Head();
  const auto read = [&]() -> Result<std::vector<EventRow>> {
    ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, store_.Read());
    return snapshot->EventsAfter(known, kMaxEvents, kMaxBatchBytes);
  };
  Result<std::vector<EventRow>> events;
  if (feed_.HasFollowers() && head - known <= kMaxEvents) events = read();
  if (!events || events->empty()) return feed_.Publish({}, head);
  const int64_t last = events->back().position;
  feed_.Publish(*std::move(events), last);
}

}  // namespace orc
