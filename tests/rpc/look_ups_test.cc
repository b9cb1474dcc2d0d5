// Look-ups that wait at the same moment, and what one of them means for the others.
#include "rpc/look_ups.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <vector>

#include "store/sqlite/sqlite_store.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

namespace pb = ::orchestrator;

using namespace std::chrono_literals;

std::string KeyText(int number) {
  Key key;
  key.bytes[15] = static_cast<uint8_t>(number);
  return key.ToString();
}

// Counts the snapshots that are asked for, and fails the first ones on demand.
class CountingStore final : public ChannelStore {
 public:
  explicit CountingStore(ChannelStore& inner) : inner_(inner) {}

  Result<std::unique_ptr<Snapshot>> Read(Deadline deadline) override {
    deadline_ = deadline;
    if (++reads_ <= failing_) return Fail(kind_, "no reading now");
    return inner_.Read(deadline);
  }
  Result<std::unique_ptr<Transaction>> Begin() override { return inner_.Begin(); }
  void Maintain() override { inner_.Maintain(); }

  void FailFirst(int times, ErrorKind kind) {
    failing_ = times;
    kind_ = kind;
  }
  int reads() const { return reads_; }
  Deadline deadline() const { return deadline_; }

 private:
  ChannelStore& inner_;
  std::atomic<int> reads_ = 0;
  int failing_ = 0;
  ErrorKind kind_ = ErrorKind::kInternal;
  std::atomic<Deadline> deadline_ = kNoDeadline;
};

template <class T>
class TestCall final : public PendingLookUp<T> {
 public:
  explicit TestCall(std::string key) : key_(std::move(key)) {}

  std::string_view SoughtKey() const override {
    EXPECT_FALSE(finished_at) << "a real call is gone then";
    return key_;
  }
  bool IsAbandoned() const override { return abandoned; }
  Deadline AnswerBy() const override { return deadline; }
  void Finish(const std::function<Result<void>(T&)>& find) override {
    const Result<void> found = find(asset);
    finished_at = std::chrono::steady_clock::now();
    error = found ? "" : found.error().text;
    done.set_value();
  }

  bool abandoned = false;
  std::optional<std::chrono::steady_clock::time_point> finished_at;
  Deadline deadline = kNoDeadline;
  T asset;
  std::string error;
  std::promise<void> done;

 private:
  const std::string key_;
};

// Functions 1 to 100 and task 1, of which function 50 cannot be read.
class LookUpsTest : public testing::Test {
 protected:
  LookUpsTest() {
    SqliteOptions options;
    options.folder = folder_.path();
    store_ = std::move(*OpenSqliteStore(options));
    ChannelStore* const channel = *store_->OpenChannel("channel");
    ChangeSet changes;
    for (int i = 1; i <= 100; ++i) {
      pb::Function function;
      function.set_key(KeyText(i));
      changes.new_assets.push_back(Encode(i, function));
    }
    changes.new_assets[49].body = "\xFF";
    pb::ComputeTask task;
    task.set_key(KeyText(1));
    FullTaskRow row{{}, task.SerializeAsString()};
    row.row.order = 1;
    row.row.key = *Key::FromCanonical(KeyText(1));
    row.row.status = pb::STATUS_EXECUTING;
    changes.new_tasks.push_back(std::move(row));
    const auto transaction = std::move(*channel->Begin());
    EXPECT_TRUE(transaction->Apply(changes));
    EXPECT_TRUE(transaction->Commit());
    counting_ = std::make_unique<CountingStore>(*channel);
  }

  // All calls wait before the only reader gets to the first of them.
  template <class T>
  void AskTogether(
      std::vector<std::unique_ptr<TestCall<T>>>& calls,
      const std::function<std::string(size_t)>& organization_of = [](size_t i) { return std::to_string(i % 3); }) {
    LookUps<T> look_ups(*counting_);
    Executor readers(1, 1000);
    std::promise<void> all_wait;
    ASSERT_TRUE(readers.Submit([&] { all_wait.get_future().wait(); }));
    for (size_t i = 0; i < calls.size(); ++i) {
      ASSERT_TRUE(look_ups.Submit(calls[i].get(), organization_of(i), readers));
    }
    all_wait.set_value();
    for (const auto& call : calls) ASSERT_EQ(call->done.get_future().wait_for(30s), std::future_status::ready);
  }

  static std::vector<std::unique_ptr<TestCall<pb::Function>>> CallsFor(const std::vector<std::string>& keys) {
    std::vector<std::unique_ptr<TestCall<pb::Function>>> calls;
    for (const std::string& key : keys) calls.push_back(std::make_unique<TestCall<pb::Function>>(key));
    return calls;
  }

  const TempFolder folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<CountingStore> counting_;
};

TEST_F(LookUpsTest, ThoseThatWaitTogetherAreOneQuestion) {
  auto calls = CallsFor({KeyText(1), KeyText(2), KeyText(1), KeyText(101), "no key"});
  AskTogether(calls);
  EXPECT_EQ(counting_->reads(), 1);
  EXPECT_EQ(calls[0]->asset.key(), KeyText(1));
  EXPECT_EQ(calls[1]->asset.key(), KeyText(2));
  EXPECT_EQ(calls[2]->asset.key(), KeyText(1));
  EXPECT_EQ(calls[3]->error, NotFound("function", KeyText(101)).value().text);
  EXPECT_EQ(calls[4]->error, NotFound("function", "no key").value().text);
}

TEST_F(LookUpsTest, AQuestionIsBounded) {
  std::vector<std::string> keys;
  for (int i = 1; i <= 100; ++i) keys.push_back(KeyText(i));
  auto calls = CallsFor(keys);
  AskTogether(calls);
  EXPECT_EQ(counting_->reads(), 13);  // 12 questions of 8, and one of 4
  for (int i = 1; i <= 100; ++i) {
    const auto& call = *calls[static_cast<size_t>(i) - 1];
    EXPECT_EQ(i == 50 ? KeyText(i) : call.asset.key(), KeyText(i));
  }
}

TEST_F(LookUpsTest, NobodyWaitsForTheCrowdOfAnother) {
  auto calls = CallsFor(std::vector<std::string>(50, KeyText(1)));
  AskTogether(calls, [](size_t i) { return i < 49 ? "crowd" : "single"; });
  EXPECT_LT(*calls[49]->finished_at, *calls[8]->finished_at);
}

TEST_F(LookUpsTest, ARowThatCannotBeReadIsTheTroubleOfWhoWantsIt) {
  auto calls = CallsFor({KeyText(49), KeyText(50), KeyText(51)});
  AskTogether(calls);
  EXPECT_EQ(calls[0]->error, "");
  EXPECT_EQ(calls[1]->error, Unreadable("function", 50).value().text);
  EXPECT_EQ(calls[2]->error, "");
}

TEST_F(LookUpsTest, WhatTheStoreCannotUnderstandIsAskedForOneByOne) {
  counting_->FailFirst(2, ErrorKind::kInternal);  // the common question, and that of the first alone
  auto calls = CallsFor({KeyText(1), KeyText(2), KeyText(3)});
  AskTogether(calls);
  EXPECT_EQ(counting_->reads(), 4);
  EXPECT_EQ(calls[0]->error, Fail(ErrorKind::kInternal, "no reading now").value().text);
  EXPECT_EQ(calls[1]->asset.key(), KeyText(2));
  EXPECT_EQ(calls[2]->asset.key(), KeyText(3));
}

TEST_F(LookUpsTest, AStoreThatIsAwayIsAskedOnce) {
  counting_->FailFirst(1, ErrorKind::kUnavailable);
  auto calls = CallsFor({KeyText(1), KeyText(2)});
  AskTogether(calls);
  EXPECT_EQ(counting_->reads(), 1);
  EXPECT_EQ(calls[0]->error, "no reading now");
  EXPECT_EQ(calls[1]->error, "no reading now");
}

TEST_F(LookUpsTest, WhoHasLeftGetsNothing) {
  auto calls = CallsFor({KeyText(1), KeyText(2)});
  calls[0]->abandoned = true;
  AskTogether(calls);
  EXPECT_EQ(calls[0]->error, "the caller has left");
  EXPECT_EQ(calls[1]->asset.key(), KeyText(2));
}

TEST_F(LookUpsTest, TheQuestionLastsAsLongAsTheMostPatientCaller) {
  auto calls = CallsFor({KeyText(1), KeyText(2)});
  calls[0]->deadline = Deadline() + 1h;
  calls[1]->deadline = Deadline() + 2h;
  counting_->FailFirst(1, ErrorKind::kUnavailable);  // the deadline has passed long ago
  AskTogether(calls);
  EXPECT_EQ(counting_->deadline(), Deadline() + 2h);
}

TEST_F(LookUpsTest, ATaskComesWithItsStatus) {
  std::vector<std::unique_ptr<TestCall<pb::ComputeTask>>> calls;
  calls.push_back(std::make_unique<TestCall<pb::ComputeTask>>(KeyText(1)));
  AskTogether(calls);
  EXPECT_EQ(calls[0]->asset.key(), KeyText(1));
  EXPECT_EQ(calls[0]->asset.status(), pb::STATUS_EXECUTING);
}

TEST_F(LookUpsTest, WhatTheReadersRefuseIsNotTaken) {
  LookUps<pb::Function> look_ups(*counting_);
  Executor readers(1, 1);
  std::promise<void> begun, end;
  ASSERT_TRUE(readers.Submit([&] {
    begun.set_value();
    end.get_future().wait();
  }));
  begun.get_future().wait();
  auto calls = CallsFor({KeyText(1), KeyText(2)});
  EXPECT_TRUE(look_ups.Submit(calls[0].get(), "A", readers));
  EXPECT_FALSE(look_ups.Submit(calls[1].get(), "A", readers));
  end.set_value();
  readers.Stop();
  EXPECT_EQ(calls[0]->asset.key(), KeyText(1));
  EXPECT_EQ(calls[1]->done.get_future().wait_for(0s), std::future_status::timeout);
}

}  // namespace
}  // namespace orc
