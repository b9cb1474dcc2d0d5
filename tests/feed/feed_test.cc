#include "feed/feed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <random>
#include <thread>

namespace orc {
namespace {

constexpr int64_t kMuch = 1 << 20;

std::string BodyOf(int64_t position) {
  return "event " + std::to_string(position);
}

// The events of positions first to last.
std::vector<EventRow> Rows(int64_t first, int64_t last) {
  std::vector<EventRow> rows;
  for (int64_t position = first; position <= last; ++position) {
    EventRow& row = rows.emplace_back();
    row.position = position;
    row.body = std::make_shared<const std::string>(BodyOf(position));
  }
  return rows;
}

std::vector<std::string> Texts(const Feed::Batch& batch) {
  std::vector<std::string> texts;
  for (const EventBody& body : batch.events) texts.push_back(*body);
  return texts;
}

std::vector<std::string> Bodies(int64_t first, int64_t last) {
  std::vector<std::string> bodies;
  for (int64_t position = first; position <= last; ++position) bodies.push_back(BodyOf(position));
  return bodies;
}

class CountingWaiter final : public Waiter {
 public:
  void Wake() override {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    woken_.notify_all();
  }
  int wakes() const {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }
  bool WaitForWakes(int count) {
    std::unique_lock lock(mutex_);
    return woken_.wait_for(lock, std::chrono::seconds(20), [&] { return wakes_ >= count; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  int wakes_ = 0;  // guarded by mutex_
};

// A feed with head 10 and an empty tail.
class FeedTest : public testing::Test {
 protected:
  // All wake-ups that were submitted so far have been made afterwards.
  void FinishWakeUps() { executor_.Stop(); }

  Executor executor_{1, 1000};
  Feed feed_{10, kMuch, executor_};
  CountingWaiter waiter_;
};

TEST_F(FeedTest, WhoIsAtTheHeadIsCaughtUp) {
  EXPECT_EQ(feed_.Next(10, 100, &waiter_).place, Feed::Place::kCaughtUp);
  EXPECT_EQ(feed_.WaiterCount(), 1U);
}

TEST_F(FeedTest, WhoIsBehindTheTailReadsTheStore) {
  EXPECT_EQ(feed_.Next(9, 100, &waiter_).place, Feed::Place::kBehind);
  feed_.Publish(Rows(11, 12), 12);
  EXPECT_EQ(feed_.Next(9, 100, &waiter_).place, Feed::Place::kBehind);
  EXPECT_EQ(feed_.Next(0, 100, &waiter_).place, Feed::Place::kBehind);
  EXPECT_EQ(feed_.WaiterCount(), 0U);
}

TEST_F(FeedTest, WhoIsInsideTheTailIsServedFromIt) {
  feed_.Publish(Rows(11, 13), 13);
  feed_.Publish(Rows(14, 14), 14);
  for (int64_t position = 10; position < 14; ++position) {
    const Feed::Batch batch = feed_.Next(position, 100, &waiter_);
    EXPECT_EQ(batch.place, Feed::Place::kInTail);
    EXPECT_EQ(Texts(batch), Bodies(position + 1, 14));
  }
  EXPECT_EQ(feed_.Next(14, 100, &waiter_).place, Feed::Place::kCaughtUp);
}

TEST_F(FeedTest, GivesNoMoreThanAskedFor) {
  feed_.Publish(Rows(11, 20), 20);
  EXPECT_EQ(Texts(feed_.Next(12, 3, &waiter_)), Bodies(13, 15));
  EXPECT_EQ(Texts(feed_.Next(18, 3, &waiter_)), Bodies(19, 20));
}

TEST_F(FeedTest, BodiesAreShared) {
  std::vector<EventRow> rows = Rows(11, 11);
  const EventBody body = rows[0].body;
  feed_.Publish(std::move(rows), 11);
  EXPECT_EQ(feed_.Next(10, 1, &waiter_).events[0], body);
}

TEST_F(FeedTest, TheTailIsBoundedInBytes) {
  Feed feed(0, 3 * static_cast<int64_t>(BodyOf(10).size()), executor_);
  feed.Publish(Rows(1, 99), 99);
  EXPECT_EQ(Texts(feed.Next(96, 100, &waiter_)), Bodies(97, 99));
  EXPECT_EQ(feed.Next(95, 100, &waiter_).place, Feed::Place::kBehind);
  feed.Publish({}, 99);
  feed.Publish(Rows(100, 100), 100);  // one byte longer
  EXPECT_EQ(Texts(feed.Next(98, 100, &waiter_)), Bodies(99, 100));
  EXPECT_EQ(feed.Next(97, 100, &waiter_).place, Feed::Place::kBehind);
}

TEST_F(FeedTest, AnEventLargerThanTheTailIsReadFromTheStore) {
  Feed feed(0, 3, executor_);
  feed.Publish(Rows(1, 1), 1);
  EXPECT_EQ(feed.Next(0, 100, &waiter_).place, Feed::Place::kBehind);
  EXPECT_EQ(feed.Next(1, 100, &waiter_).place, Feed::Place::kCaughtUp);
}

TEST_F(FeedTest, AfterAGapTheTailBeginsAnew) {
  feed_.Publish(Rows(11, 12), 12);
  feed_.Publish(Rows(20, 21), 21);  // 13 to 19 were not handed over
  EXPECT_EQ(Texts(feed_.Next(19, 100, &waiter_)), Bodies(20, 21));
  for (const int64_t position : {10, 12, 18}) {
    EXPECT_EQ(feed_.Next(position, 100, &waiter_).place, Feed::Place::kBehind);
  }
  feed_.Publish({}, 30);
  EXPECT_EQ(feed_.Next(21, 100, &waiter_).place, Feed::Place::kBehind);
  EXPECT_EQ(feed_.Next(30, 100, &waiter_).place, Feed::Place::kCaughtUp);
}

TEST_F(FeedTest, AWaiterIsWokenExactlyOnce) {
  feed_.Next(10, 100, &waiter_);
  feed_.Next(10, 100, &waiter_);  // still one wait
  feed_.Publish(Rows(11, 11), 11);
  feed_.Publish(Rows(12, 12), 12);
  ASSERT_TRUE(waiter_.WaitForWakes(1));
  EXPECT_EQ(feed_.WaiterCount(), 0U);
  FinishWakeUps();
  EXPECT_EQ(waiter_.wakes(), 1);
}

TEST_F(FeedTest, EveryWaiterIsWoken) {
  CountingWaiter waiters[50];
  for (CountingWaiter& waiter : waiters) feed_.Next(10, 100, &waiter);
  feed_.Publish(Rows(11, 11), 11);
  FinishWakeUps();
  for (const CountingWaiter& waiter : waiters) EXPECT_EQ(waiter.wakes(), 1);
}

TEST_F(FeedTest, WaitersAreWokenAlsoWhenTheExecutorHasStopped) {
  feed_.Next(10, 100, &waiter_);
  executor_.Stop();
  feed_.Publish(Rows(11, 11), 11);
  EXPECT_EQ(waiter_.wakes(), 1);
}

TEST_F(FeedTest, WhoStopsWaitingIsNotWoken) {
  feed_.Next(10, 100, &waiter_);
  EXPECT_TRUE(feed_.StopWaiting(&waiter_));
  EXPECT_FALSE(feed_.StopWaiting(&waiter_));
  feed_.Publish(Rows(11, 11), 11);
  feed_.Close();
  FinishWakeUps();
  EXPECT_EQ(waiter_.wakes(), 0);
}

TEST_F(FeedTest, WhoStopsTooLateIsWoken) {
  feed_.Next(10, 100, &waiter_);
  feed_.Publish(Rows(11, 11), 11);
  EXPECT_FALSE(feed_.StopWaiting(&waiter_));
  FinishWakeUps();
  EXPECT_EQ(waiter_.wakes(), 1);
}

TEST_F(FeedTest, WhoReadAheadWaitsForTheHeadToPass) {
  // The store shows a commit before the feed has it.
  EXPECT_EQ(feed_.Next(12, 100, &waiter_).place, Feed::Place::kCaughtUp);
  feed_.Publish(Rows(11, 12), 12);
  ASSERT_TRUE(waiter_.WaitForWakes(1));
  EXPECT_EQ(feed_.Next(12, 100, &waiter_).place, Feed::Place::kCaughtUp);
  feed_.Publish(Rows(13, 14), 14);
  ASSERT_TRUE(waiter_.WaitForWakes(2));
  EXPECT_EQ(Texts(feed_.Next(12, 100, &waiter_)), Bodies(13, 14));
}

TEST_F(FeedTest, CloseWakesAllAndEndsEverybody) {
  feed_.Publish(Rows(11, 11), 11);
  feed_.Next(11, 100, &waiter_);
  feed_.Close();
  FinishWakeUps();
  EXPECT_EQ(waiter_.wakes(), 1);
  for (const int64_t position : {0, 10, 11, 12}) {
    EXPECT_EQ(feed_.Next(position, 100, &waiter_).place, Feed::Place::kClosed);
  }
  EXPECT_EQ(feed_.WaiterCount(), 0U);
  feed_.Publish(Rows(12, 12), 12);
  EXPECT_EQ(feed_.Next(11, 100, &waiter_).place, Feed::Place::kClosed);
}

// Either StopWaiting says that no wake-up will come, and none does, or it says that one will, and it does.
TEST(Feed, StoppingRacesWithPublishing) {
  Executor executor(2, 100'000);
  Feed feed(0, kMuch, executor);
  constexpr int kRounds = 3000;
  std::vector<CountingWaiter> waiters(kRounds);
  std::vector<char> will_not_wake(kRounds);
  std::atomic<bool> stopped = false;
  std::thread publisher([&] {
    for (int64_t position = 1; !stopped; ++position) feed.Publish(Rows(position, position), position);
  });
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_EQ(feed.Next(INT64_MAX, 1, &waiters[round]).place, Feed::Place::kCaughtUp);
    if (round % 3 != 0) std::this_thread::yield();
    will_not_wake[round] = feed.StopWaiting(&waiters[round]);
  }
  stopped = true;
  publisher.join();
  executor.Stop();
  for (int round = 0; round < kRounds; ++round) EXPECT_EQ(waiters[round].wakes(), will_not_wake[round] ? 0 : 1);
}

// ---- many followers of many publications

// What has been committed, as a follower that is behind reads it. Thread-safe.
class FakeStore {
 public:
  void Append(const std::vector<EventRow>& rows) {
    const std::lock_guard lock(mutex_);
    for (const EventRow& row : rows) bodies_.push_back(row.body);
  }
  std::vector<EventBody> After(int64_t position, size_t limit) const {
    const std::lock_guard lock(mutex_);
    const size_t first = std::min(static_cast<size_t>(position), bodies_.size());
    const size_t count = std::min(limit, bodies_.size() - first);
    return {bodies_.begin() + static_cast<std::ptrdiff_t>(first),
            bodies_.begin() + static_cast<std::ptrdiff_t>(first + count)};
  }

 private:
  mutable std::mutex mutex_;
  std::vector<EventBody> bodies_;  // guarded by mutex_
};

// Follows the feed until it is closed or it has seen `last`, and notes what it saw.
class Follower {
 public:
  Follower(Feed& feed, const FakeStore& store, uint32_t seed, int64_t start, int64_t last)
      : feed_(feed), store_(store), random_(seed), position_(start), last_(last), thread_([this] { Follow(); }) {}
  void Join() { thread_.join(); }
  // Events of another position than the one they were due at.
  int wrong() const { return wrong_; }
  int64_t position() const { return position_; }

 private:
  void Follow() {
    int waits = 0;
    while (position_ < last_) {
      Pause();
      Feed::Batch batch = feed_.Next(position_, 1 + random_() % 20, &waiter_);
      switch (batch.place) {
        case Feed::Place::kInTail: See(batch.events); break;
        case Feed::Place::kBehind: See(store_.After(position_, 1 + random_() % 20)); break;
        case Feed::Place::kCaughtUp:
          if (random_() % 4 == 0) See(store_.After(position_, 5));  // may be ahead of the feed now
          if (random_() % 4 == 0 && feed_.StopWaiting(&waiter_)) break;
          if (!waiter_.WaitForWakes(++waits)) return;
          break;
        case Feed::Place::kClosed: return;
      }
    }
  }
  void See(const std::vector<EventBody>& events) {
    for (const EventBody& body : events) {
      if (*body != BodyOf(++position_)) ++wrong_;
    }
  }
  void Pause() {
    if (random_() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random_() % 300));
  }

  Feed& feed_;
  const FakeStore& store_;
  std::mt19937 random_;
  CountingWaiter waiter_;
  int64_t position_;
  const int64_t last_;
  int wrong_ = 0;
  std::thread thread_;  // last: it uses the others
};

TEST(Feed, NoFollowerMissesOrRepeatsOrReorders) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr int64_t kLast = 4000;
  Executor executor(2, 100'000);
  FakeStore store;
  store.Append(Rows(1, 10));
  Feed feed(10, 400, executor);  // a tail of some 40 events
  std::vector<std::unique_ptr<Follower>> followers;
  for (int i = 0; i < 8; ++i) {
    followers.push_back(std::make_unique<Follower>(feed, store, random(), static_cast<int64_t>(random() % 11), kLast));
  }
  for (int64_t head = 10; head < kLast;) {
    const int64_t next = std::min<int64_t>(kLast, head + 1 + random() % 60);
    std::vector<EventRow> rows = Rows(head + 1, next);
    store.Append(rows);
    // Now and then the older part of a commit is left out.
    if (random() % 5 == 0) rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(random() % rows.size()));
    if (random() % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
    feed.Publish(std::move(rows), next);
    head = next;
  }
  for (const auto& follower : followers) {
    follower->Join();
    EXPECT_EQ(follower->wrong(), 0);
    EXPECT_EQ(follower->position(), kLast);
  }
}

TEST(Feed, ClosingEndsAllFollowers) {
  Executor executor(2, 100'000);
  FakeStore store;
  Feed feed(0, kMuch, executor);
  std::vector<std::unique_ptr<Follower>> followers;
  for (uint32_t i = 0; i < 8; ++i) followers.push_back(std::make_unique<Follower>(feed, store, i, 0, 1'000'000));
  for (int64_t position = 1; position <= 200; ++position) {
    store.Append(Rows(position, position));
    feed.Publish(Rows(position, position), position);
  }
  feed.Close();
  for (const auto& follower : followers) {
    follower->Join();
    EXPECT_EQ(follower->wrong(), 0);
  }
  EXPECT_EQ(feed.WaiterCount(), 0U);
}

}  // namespace
}  // namespace orc
