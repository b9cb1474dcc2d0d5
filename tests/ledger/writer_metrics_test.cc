// What is counted of a channel's changes: committed work, and nothing else.
#include <gtest/gtest.h>

#include "tests/ledger/requests.h"
#include "tests/ledger/support.h"

namespace orc {
namespace {

pb::RegisterTasksParam TwoTasks() {
  return TasksRequest(
      {TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A"), TaskRequest(KeyText(11), KeyText(2), KeyText(1), "A")});
}

int64_t Total(const Histogram& histogram) {
  int64_t total = 0;
  for (size_t i = 0; i <= histogram.Bounds().size(); ++i) total += histogram.Count(i);
  return total;
}

TEST(WriterMetrics, ABatchThatIsNotWrittenCountsNoWork) {
  for (const StoreCall failing : {StoreCall::kApply, StoreCall::kCommit}) {
    TestLedger ledger;
    RegisterBasics(ledger);
    const WriterMetrics& metrics = ledger.writer->metrics();
    const int64_t commits = Total(metrics.commit_seconds);
    ledger.store->Fail(failing, {});
    EXPECT_FALSE(ledger.Do("A", TwoTasks()));
    EXPECT_EQ(metrics.tasks_registered.Value(), 0);
    EXPECT_EQ(metrics.registration_size.Sum(), 0);
    EXPECT_EQ(Total(metrics.commit_seconds), commits);
    EXPECT_EQ(metrics.failed_batches.Value(), 1);

    ASSERT_TRUE(ledger.told.WaitForWritable(2));
    EXPECT_EQ(TextOf(ledger.Do("A", TwoTasks())), "");
    EXPECT_EQ(metrics.tasks_registered.Value(), 2);
    EXPECT_EQ(metrics.registration_size.Count(0), 1);
    EXPECT_EQ(metrics.failed_batches.Value(), 1);
  }
}

TEST(WriterMetrics, OneBatchCountsEachOfItsCalls) {
  TestLedger ledger;
  RegisterBasics(ledger);
  BuildFunction(ledger);
  const WriterMetrics& metrics = ledger.writer->metrics();
  const double calls = metrics.batch_size.Sum();
  const auto tasks = MakeCall("A", TwoTasks());
  const auto refused = MakeCall("A", TasksRequest({TaskRequest(KeyText(12), KeyText(2), KeyText(1), "A"),
                                                   TaskRequest(KeyText(13), KeyText(2), KeyText(1), "nobody")}));
  const auto single = MakeCall("A", TasksRequest({TaskRequest(KeyText(14), KeyText(2), KeyText(1), "A")}));
  const auto executing = MakeCall("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_EXECUTING, ""));
  const auto canceled = MakeCall("A", TaskActionRequest(KeyText(11), pb::TASK_ACTION_CANCELED, ""));
  ledger.RunBatch({tasks.get(), refused.get(), single.get(), executing.get(), canceled.get()});
  EXPECT_EQ(metrics.tasks_registered.Value(), 3);
  EXPECT_EQ(metrics.registration_size.Count(0), 2);
  EXPECT_EQ(metrics.registration_size.Sum(), 3);
  EXPECT_EQ(metrics.tasks_updated[pb::STATUS_EXECUTING].Value(), 1);
  EXPECT_EQ(metrics.tasks_updated[pb::STATUS_CANCELED].Value(), 1);
  EXPECT_EQ(metrics.tasks_updated[pb::STATUS_DONE].Value(), 0);
  EXPECT_EQ(metrics.release_size.Sum(), 0);
  EXPECT_EQ(metrics.batch_size.Sum(), calls + 5);
}

TEST(WriterMetrics, TheQueueIsWhatWaitsForTheRunningBatch) {
  TestLedger ledger;
  Gate gate;
  ledger.Submit(gate);
  gate.WaitUntilReached();
  EXPECT_EQ(ledger.writer->QueuedCommands(), 0U);
  const auto waiting = MakeCall("A", pb::RegisterOrganizationParam());
  ledger.Submit(*waiting);
  EXPECT_EQ(ledger.writer->QueuedCommands(), 1U);
  gate.Open();
  EXPECT_EQ(TextOf(gate.Wait()), "");
  EXPECT_EQ(TextOf(waiting->Wait()), "");
  EXPECT_EQ(ledger.writer->QueuedCommands(), 0U);
}

TEST(Histogram, ABoundBelongsToItsBucket) {
  constexpr std::array kBounds = {1.0, 2.0};
  Histogram histogram(kBounds);
  for (const double value : {-1.0, 1.0, 1.5, 2.0, 2.1}) histogram.Observe(value);
  EXPECT_EQ(histogram.Count(0), 2);
  EXPECT_EQ(histogram.Count(1), 2);
  EXPECT_EQ(histogram.Count(2), 1);
  EXPECT_DOUBLE_EQ(histogram.Sum(), 5.6);
}

}  // namespace
}  // namespace orc
