// The workspace by itself: times, ids, what it keeps between batches, and its bounds.
#include "ledger/workspace.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ledger/support.h"

namespace orc {
namespace {

int64_t Micros(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

// A workspace over a store of its own; the test is the writer.
class WorkspaceTest : public testing::Test {
 protected:
  WorkspaceTest() {
    SqliteOptions options;
    options.folder = folder_.path();
    store_ = std::move(*OpenSqliteStore(options));
    channel_ = *store_->OpenChannel(kChannel);
  }

  // One command in a batch of its own.
  template <class Request>
  Result<ResponseOf<Request>> Do(Workspace& workspace, int64_t now_us, const Request& request) {
    const std::unique_ptr<Transaction> transaction = std::move(*channel_->Begin());
    EXPECT_EQ(TextOf(workspace.Open(*transaction)), "");
    workspace.StartCommand(now_us);
    ResponseOf<Request> response;
    Result<void> outcome = Execute(TestCaller("A"), request, workspace, response);
    if (outcome) {
      workspace.KeepCommand();
    } else {
      workspace.TakeBackCommand();
    }
    EXPECT_EQ(TextOf(workspace.Flush()), "");
    EXPECT_EQ(TextOf(transaction->Commit()), "");
    workspace.Committed();
    workspace.Trim();
    ORC_TRY(std::move(outcome));
    return response;
  }

  TempFolder folder_;
  std::unique_ptr<Store> store_;
  ChannelStore* channel_ = nullptr;
  Workspace workspace_{kChannel, {}};
};

TEST_F(WorkspaceTest, TimesIncreaseFromCallToCallWhateverTheClockSays) {
  ASSERT_EQ(TextOf(Do(workspace_, 5'000'000, pb::RegisterOrganizationParam())), "");
  int64_t last = 5'000'000;
  int number = 10;
  for (const int64_t now : {int64_t{5'000'000}, int64_t{4'000'000}, int64_t{0}, int64_t{5'000'002}, int64_t{9'000'000},
                            int64_t{8'999'999}}) {
    const auto plan = Do(workspace_, now, PlanRequest(KeyText(number++)));
    ASSERT_EQ(TextOf(plan), "");
    const int64_t time = Micros(plan->creation_date());
    EXPECT_EQ(time, std::max(now, last + 1));
    last = time;
  }
  // Another workspace, as after a restart, goes on from there.
  Workspace restarted(kChannel, {});
  const auto plan = Do(restarted, 1, PlanRequest(KeyText(number)));
  EXPECT_EQ(Micros(plan->creation_date()), last + 1);
}

TEST_F(WorkspaceTest, EventsOfACallShareItsTimeAndIdsIncrease) {
  ASSERT_EQ(TextOf(Do(workspace_, 1'000'000, pb::RegisterOrganizationParam())), "");
  ASSERT_EQ(TextOf(Do(workspace_, 1'000'000, FunctionRequest(KeyText(1)))), "");
  ASSERT_EQ(TextOf(Do(workspace_, 1'000'000, PlanRequest(KeyText(2)))), "");
  std::vector<pb::NewComputeTask> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(TaskRequest(KeyText(100 - i), KeyText(2), KeyText(1), "A"));
  ASSERT_EQ(TextOf(Do(workspace_, 1'000'000, TasksRequest(tasks))), "");
  ASSERT_EQ(TextOf(Do(workspace_, 999'999, PlanUpdate(KeyText(2), "name"))), "");
  const std::vector<EventRow> rows = *std::move(*channel_->Read())->ListEvents({}, Page{0, 0, 100, false});
  ASSERT_EQ(rows.size(), 24U);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].position, static_cast<int64_t>(i) + 1);
    pb::Event event;
    ASSERT_TRUE(event.ParseFromString(*rows[i].body));
    EXPECT_EQ(event.id(), rows[i].id);
    EXPECT_EQ(event.channel(), kChannel);
    EXPECT_EQ(Micros(event.timestamp()), rows[i].timestamp_us);
    EXPECT_TRUE(i == 0 || rows[i - 1].id < rows[i].id);
  }
  for (size_t i = 4; i <= 22; ++i) EXPECT_EQ(rows[i].timestamp_us, rows[3].timestamp_us);
  EXPECT_EQ(rows[23].timestamp_us, rows[3].timestamp_us + 1);
}

TEST_F(WorkspaceTest, AnEventTooLargeForSubscribersIsRefusedWithoutTrace) {
  WorkspaceLimits limits;
  limits.max_event_bytes = 2500;  // less 1,024 that an event of creation leaves free
  Workspace workspace(kChannel, limits);
  ASSERT_EQ(TextOf(Do(workspace, 1, pb::RegisterOrganizationParam())), "");
  pb::NewComputePlan large = PlanRequest(KeyText(1));
  for (int i = 0; i < 20; ++i) (*large.mutable_metadata())["key" + std::to_string(i)] = std::string(90, 'x');
  const auto refused = Do(workspace, 2, large);
  EXPECT_TRUE(FailedAs(refused, ErrorKind::kExhausted));
  EXPECT_EQ(workspace.head().position, 1);
  const std::vector<std::string> keys = {StoreKey(TestKey(1))};
  EXPECT_TRUE(std::move(*channel_->Read())->FindAssets(pb::ASSET_COMPUTE_PLAN, keys)->empty());
  large.clear_metadata();
  EXPECT_EQ(TextOf(Do(workspace, 3, large)), "");  // the key is free
}

TEST_F(WorkspaceTest, AssetsCreatedTogetherTakeTheirPlacesByKey) {
  const std::vector<Key> keys = {TestKey(3), TestKey(1), TestKey(2)};
  EXPECT_EQ(workspace_.OrdersFor(keys, 1), (std::vector<int64_t>{3, 1, 2}));
  EXPECT_EQ(workspace_.OrdersFor(keys, 2), (std::vector<int64_t>{5, 1, 3}));
}

// Rows of the batch whose commands have all been refused are kept, and count.
TEST_F(WorkspaceTest, WhatIsKeptBetweenBatchesIsBounded) {
  WorkspaceLimits limits;
  limits.max_cached_rows = 10;
  Workspace workspace(kChannel, limits);
  ASSERT_EQ(TextOf(Do(workspace, 1, pb::RegisterOrganizationParam())), "");
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(FailedAs(Do(workspace, 1, PlanUpdate(KeyText(i), "name")), ErrorKind::kNotFound));
    EXPECT_LE(workspace.CachedRows(), 10U);
  }
}

TEST_F(WorkspaceTest, WhatIsKeptBetweenBatchesIsBoundedInBytes) {
  WorkspaceLimits limits;
  limits.max_cached_bytes = 10'000;
  Workspace workspace(kChannel, limits);
  ASSERT_EQ(TextOf(Do(workspace, 1, pb::RegisterOrganizationParam())), "");
  pb::NewComputePlan plan = PlanRequest(KeyText(1));
  for (int i = 0; i < 10; ++i) (*plan.mutable_metadata())["key" + std::to_string(i)] = std::string(90, 'x');
  size_t most = 0;
  for (int i = 0; i < 100; ++i) {
    plan.set_key(KeyText(i + 1));
    ASSERT_EQ(TextOf(Do(workspace, 1, plan)), "");
    most = std::max(most, workspace.CachedRows());
  }
  EXPECT_GT(most, 2U);
  EXPECT_LT(most, 15U);
  // Reading counts as well.
  Workspace reader(kChannel, limits);
  most = 0;
  for (int i = 0; i < 100; ++i) {
    plan.set_key(KeyText(i + 1));
    EXPECT_TRUE(FailedAs(Do(reader, 1, plan), ErrorKind::kConflict));
    most = std::max(most, reader.CachedRows());
  }
  EXPECT_GT(most, 2U);
  EXPECT_LT(most, 15U);
}

}  // namespace
}  // namespace orc
