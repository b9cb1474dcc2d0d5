#include "feed/fetcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>

#include "domain/event_id.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

// Counts the readings of a channel, and fails them on demand.
class CountingStore final : public ChannelStore {
 public:
  explicit CountingStore(ChannelStore& inner) : inner_(inner) {}

  int reads() const { return reads_; }
  void Break() { broken_ = true; }

  using ChannelStore::Read;
  Result<std::unique_ptr<Snapshot>> Read(Deadline deadline) override {
    ++reads_;
    if (broken_) return Fail(ErrorKind::kUnavailable, "the medium is away");
    return inner_.Read(deadline);
  }
  Result<std::unique_ptr<Transaction>> Begin() override { return inner_.Begin(); }
  void Maintain() override { inner_.Maintain(); }

 private:
  ChannelStore& inner_;
  std::atomic<int> reads_ = 0;
  std::atomic<bool> broken_ = false;
};

class WakeOnce final : public Waiter {
 public:
  void Wake() override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    wake_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::seconds(20), [this] { return woken_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
};

class FetcherTest : public testing::Test {
 protected:
  ~FetcherTest() override {
    fetchers_.Stop();
    wakers_.Stop();
  }

  // Writes `count` events past the feed, as another process does, and tells of them as the store does.
  void CommitElsewhere(int count) {
    ChangeSet changes;
    for (int i = 0; i < count; ++i) {
      EventRow& event = changes.events.emplace_back();
      event.position = ++head_.position;
      event.timestamp_us = ++head_.timestamp_us;
      event.id = MakeEventId(event.timestamp_us, event.position, 0);
      event.asset_kind = orchestrator::ASSET_COMPUTE_PLAN;
      event.event_kind = orchestrator::EVENT_ASSET_CREATED;
      event.asset_key = "key";
      event.body = std::make_shared<const std::string>("event " + std::to_string(event.position));
    }
    changes.head = head_;
    const std::unique_ptr<Transaction> transaction = std::move(*channel_.Begin());
    ASSERT_TRUE(transaction->Apply(changes));
    ASSERT_TRUE(transaction->Commit());
    fetcher_.Fetch(head_.position);
  }

  // Waits for the next event behind `position`, then asks for what there is.
  Feed::Batch Follow(int64_t position) {
    WakeOnce waiter;
    const bool waits = feed_.Next(position, 1, &waiter).place == Feed::Place::kCaughtUp;
    EXPECT_TRUE(!waits || waiter.Wait());
    return feed_.Next(position, 100'000, &never_);
  }

  std::unique_ptr<Store> OpenStore() const {
    SqliteOptions options;
    options.folder = folder_.path();
    return std::move(*OpenSqliteStore(options));
  }

  const TempFolder folder_;
  const std::unique_ptr<Store> store_ = OpenStore();
  CountingStore channel_{**store_->OpenChannel("channel")};
  Executor wakers_{1, 100};
  Executor fetchers_{1, 100};
  Feed feed_{0, 8 << 20, wakers_};
  Fetcher fetcher_{channel_, feed_, fetchers_};
  Head head_;
  WakeOnce never_;
};

TEST_F(FetcherTest, OneReadingServesAllFollowers) {
  const Feed::Follower follower(feed_);
  WakeOnce waiters[50];
  for (WakeOnce& waiter : waiters) ASSERT_EQ(feed_.Next(0, 10, &waiter).place, Feed::Place::kCaughtUp);
  CommitElsewhere(3);
  for (WakeOnce& waiter : waiters) {
    ASSERT_TRUE(waiter.Wait());
    const Feed::Batch batch = feed_.Next(0, 10, &never_);
    ASSERT_EQ(batch.place, Feed::Place::kInTail);
    ASSERT_EQ(batch.events.size(), 3U);
    EXPECT_EQ(*batch.events.front(), "event 1");
  }
  EXPECT_EQ(channel_.reads(), 1);
}

TEST_F(FetcherTest, TheTailGoesOnWithoutAGap) {
  const Feed::Follower follower(feed_);
  int64_t position = 0;
  for (const int count : {1, 700, 2, 5'000}) {
    CommitElsewhere(count);
    while (position < head_.position) {
      const Feed::Batch batch = Follow(position);
      ASSERT_EQ(batch.place, Feed::Place::kInTail);
      for (const EventBody& body : batch.events) EXPECT_EQ(*body, "event " + std::to_string(++position));
    }
  }
  EXPECT_EQ(position, 5'703);
}

TEST_F(FetcherTest, NothingIsReadForNobody) {
  CommitElsewhere(3);
  fetchers_.Stop();
  EXPECT_EQ(feed_.Head(), 3);
  EXPECT_EQ(channel_.reads(), 0);
  EXPECT_EQ(feed_.Next(0, 10, &never_).place, Feed::Place::kBehind);
}

TEST_F(FetcherTest, WhatCannotBeReadIsLeftToTheFollowers) {
  const Feed::Follower follower(feed_);
  channel_.Break();
  CommitElsewhere(3);
  EXPECT_EQ(Follow(0).place, Feed::Place::kBehind);
  EXPECT_EQ(feed_.Head(), 3);
}

TEST_F(FetcherTest, MoreThanTheTailIsForIsLeftToTheFollowers) {
  const Feed::Follower follower(feed_);
  CommitElsewhere(Fetcher::kMaxEvents + 1);
  EXPECT_EQ(Follow(0).place, Feed::Place::kBehind);
  EXPECT_EQ(channel_.reads(), 0);
}

}  // namespace
}  // namespace orc
