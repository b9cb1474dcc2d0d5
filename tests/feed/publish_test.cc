// What a feed makes of heads that come twice, late or without events: those of other processes.
#include <gtest/gtest.h>

#include <atomic>

#include "feed/feed.h"

namespace orc {
namespace {

class CountingWaiter final : public Waiter {
 public:
  void Wake() override { ++woken; }
  std::atomic<int> woken = 0;
};

class FeedPublish : public testing::Test {
 protected:
  // The events from `first` to `last`, each with its position as body.
  static std::vector<EventRow> Events(int64_t first, int64_t last) {
    std::vector<EventRow> events;
    for (int64_t position = first; position <= last; ++position) {
      EventRow& event = events.emplace_back();
      event.position = position;
      event.body = std::make_shared<const std::string>(std::to_string(position));
    }
    return events;
  }
  // What follows `position`, as far as it is in memory.
  std::string Tail(int64_t position) {
    std::string text;
    for (const EventBody& body : feed_.Next(position, 100, &waiter_).events) text += *body + " ";
    return text;
  }

  Executor executor_{1, 100};
  CountingWaiter waiter_;
  Feed feed_{3, 1'000, executor_};
};

TEST_F(FeedPublish, AHeadWithoutEventsSendsFollowersToTheStore) {
  feed_.Publish(Events(4, 5), 5);
  EXPECT_EQ(Tail(3), "4 5 ");
  EXPECT_EQ(feed_.Next(5, 100, &waiter_).place, Feed::Place::kCaughtUp);
  feed_.Publish({}, 7);
  EXPECT_EQ(feed_.Next(3, 100, &waiter_).place, Feed::Place::kBehind);
  EXPECT_EQ(feed_.Next(6, 100, &waiter_).place, Feed::Place::kBehind);
  executor_.Stop();
  EXPECT_EQ(waiter_.woken, 1);
}

TEST_F(FeedPublish, HeadsThatAreNotNewerAreIgnored) {
  feed_.Publish(Events(4, 6), 6);
  feed_.Publish({}, 6);
  feed_.Publish({}, 2);
  feed_.Publish(Events(4, 5), 5);
  EXPECT_EQ(Tail(3), "4 5 6 ");
}

TEST_F(FeedPublish, EventsThatComeAfterTheirHeadFillTheTail) {
  feed_.Publish({}, 6);
  EXPECT_EQ(feed_.Next(3, 100, &waiter_).place, Feed::Place::kBehind);
  feed_.Publish(Events(5, 6), 6);
  EXPECT_EQ(Tail(4), "5 6 ");
  feed_.Publish(Events(7, 7), 7);
  EXPECT_EQ(Tail(4), "5 6 7 ");
}

TEST_F(FeedPublish, ABatchMayOverlapWhatIsKnown) {
  feed_.Publish({}, 5);
  feed_.Publish(Events(4, 8), 8);
  EXPECT_EQ(Tail(3), "4 5 6 7 8 ");
}

}  // namespace
}  // namespace orc
