// What follows from a change of a function or of a task, over many tasks: written in portions, yet all or nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ledger/support.h"

namespace orc {
namespace {

constexpr int kTasks = 3000;

// Tasks of function 1 and plan 2, the first of them the parent of each tenth; keys descend, so that the order of the
// request is not that of the lists.
std::string TaskKey(int i) {
  return KeyText(100'000 - i);
}

void RegisterMany(TestLedger& ledger) {
  std::vector<pb::NewComputeTask> tasks;
  for (int i = 0; i < kTasks; ++i) {
    const bool has_parent = i > 0 && i % 10 == 0;
    tasks.push_back(TaskRequest(TaskKey(i), KeyText(2), KeyText(1), "A",
                                has_parent ? std::vector{TaskKey(0)} : std::vector<std::string>{}));
  }
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest(std::move(tasks)))), "");
}

size_t CountInStatus(TestLedger& ledger, pb::ComputeTaskStatus status) {
  return ledger.Read()->ListFunctionTasks(TestKey(1), status)->size();
}

// Small portions, and a workspace that lets go of tasks between them.
LedgerOptions SmallPortions() {
  LedgerOptions options;
  options.workspace.flush_bytes = 20'000;
  options.workspace.max_cached_rows = 100;
  return options;
}

TEST(Cascade, AFunctionThatBecomesReadyMovesAllItsTasks) {
  TestLedger ledger(SmallPortions());
  RegisterBasics(ledger);
  RegisterMany(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_BUILDING))), "");
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_BUILDING), static_cast<size_t>(kTasks));
  const size_t before = ledger.Events().size();
  const int applied = ledger.store->Count(StoreCall::kApply);
  const int committed = ledger.store->Count(StoreCall::kCommit);
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_READY))), "");
  EXPECT_GT(ledger.store->Count(StoreCall::kApply), applied + 10);
  EXPECT_EQ(ledger.store->Count(StoreCall::kCommit), committed + 1);
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_WAITING_FOR_PARENT_TASKS), 299U);
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_WAITING_FOR_EXECUTOR_SLOT), 2701U);

  const std::vector<pb::Event> events = ledger.Events();
  ASSERT_EQ(events.size(), before + 1 + kTasks);
  EXPECT_EQ(events[before].function().status(), pb::FUNCTION_STATUS_READY);
  EXPECT_EQ(events[before].metadata().at("reason"), "User action");
  // By rank, then by place in lists, which for tasks of one call is by key.
  std::vector<std::pair<int32_t, std::string>> order;
  for (size_t i = before + 1; i < events.size(); ++i) {
    const pb::ComputeTask& task = events[i].compute_task();
    EXPECT_EQ(task.status(),
              task.rank() == 0 ? pb::STATUS_WAITING_FOR_EXECUTOR_SLOT : pb::STATUS_WAITING_FOR_PARENT_TASKS);
    EXPECT_EQ(task.outputs_size(), 3);
    EXPECT_EQ(events[i].metadata().at("reason"), "Function " + KeyText(1) + " finished building");
    order.emplace_back(task.rank(), task.key());
  }
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Cascade, AStoreThatFailsHalfWayLeavesNoTrace) {
  TestLedger ledger(SmallPortions());
  RegisterBasics(ledger);
  RegisterMany(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_BUILDING))), "");
  size_t before = 0;
  for (const StoreCall call : {StoreCall::kApply, StoreCall::kRead, StoreCall::kCommit}) {
    ASSERT_EQ(TextOf(ledger.Do("A", PlanUpdate(KeyText(2), "name"))), "");  // the writer knows that the store is back
    before = ledger.Events().size();
    const auto plan = MakeCall("A", PlanRequest(KeyText(3)));
    const auto ready = MakeCall("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_READY));
    ledger.store->Fail(call, {call == StoreCall::kCommit ? 0 : 15});
    for (const Result<void>& outcome : ledger.RunBatch({plan.get(), ready.get()})) {
      EXPECT_TRUE(FailedAs(outcome, ErrorKind::kUnavailable));
    }
    EXPECT_EQ(ledger.Events().size(), before);
    EXPECT_EQ(CountInStatus(ledger, pb::STATUS_BUILDING), static_cast<size_t>(kTasks));
  }
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_READY))), "");
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_BUILDING), 0U);
  EXPECT_EQ(ledger.Events().size(), before + 1 + kTasks);
}

TEST(Cascade, ATaskThatIsDoneReleasesItsChildren) {
  TestLedger ledger(SmallPortions());
  RegisterBasics(ledger);
  BuildFunction(ledger);
  RegisterMany(ledger);
  // One child waits for a second parent, one is cancelled.
  ASSERT_EQ(TextOf(ledger.Do(
                "A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A", {TaskKey(1), TaskKey(0)})}))),
            "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(10), pb::TASK_ACTION_CANCELED))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(0), pb::TASK_ACTION_EXECUTING))), "");
  const size_t before = ledger.Events().size();
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(0), pb::TASK_ACTION_DONE, "finished"))), "");
  const std::vector<pb::Event> events = ledger.Events();
  ASSERT_EQ(events.size(), before + 1 + 298);
  EXPECT_EQ(events[before].compute_task().status(), pb::STATUS_DONE);
  EXPECT_EQ(events[before].metadata().at("reason"), "finished");
  for (size_t i = before + 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i].compute_task().status(), pb::STATUS_WAITING_FOR_EXECUTOR_SLOT);
    EXPECT_EQ(events[i].compute_task().inputs_size(), 1);
    EXPECT_EQ(events[i].metadata().at("reason"), "Last parent task " + TaskKey(0) + " done");
  }
  EXPECT_EQ(ledger.Task(KeyText(10)).status(), pb::STATUS_WAITING_FOR_PARENT_TASKS);
  EXPECT_EQ(ledger.Task(TaskKey(10)).status(), pb::STATUS_CANCELED);
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(1), pb::TASK_ACTION_EXECUTING))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(1), pb::TASK_ACTION_DONE))), "");
  EXPECT_EQ(ledger.Task(KeyText(10)).status(), pb::STATUS_WAITING_FOR_EXECUTOR_SLOT);
}

TEST(Cascade, TasksThatAreDoneInOneBatchReleaseTheirChildren) {
  TestLedger ledger(SmallPortions());
  RegisterBasics(ledger);
  BuildFunction(ledger);
  RegisterMany(ledger);  // TaskKey(0) has very many children
  const auto task = [](int number, std::vector<std::string> parents = {}) {
    return TasksRequest({TaskRequest(KeyText(number), KeyText(2), KeyText(1), "A", std::move(parents))});
  };
  for (const int parent : {10, 11}) ASSERT_EQ(TextOf(ledger.Do("A", task(parent))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", task(12, {KeyText(10), KeyText(11)}))), "");
  for (const std::string& parent : {TaskKey(0), KeyText(10), KeyText(11)}) {
    ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(parent, pb::TASK_ACTION_EXECUTING))), "");
  }
  const auto first = MakeCall("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_DONE));
  const auto late_child = MakeCall("A", task(13, {KeyText(11)}));
  const auto second = MakeCall("A", TaskActionRequest(KeyText(11), pb::TASK_ACTION_DONE));
  const auto many = MakeCall("A", TaskActionRequest(TaskKey(0), pb::TASK_ACTION_DONE));
  for (const Result<void>& outcome : ledger.RunBatch({first.get(), late_child.get(), second.get(), many.get()})) {
    EXPECT_EQ(TextOf(outcome), "");
  }
  EXPECT_EQ(ledger.Task(KeyText(12)).status(), pb::STATUS_WAITING_FOR_EXECUTOR_SLOT);
  EXPECT_EQ(ledger.Task(KeyText(13)).status(), pb::STATUS_WAITING_FOR_EXECUTOR_SLOT);
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_WAITING_FOR_PARENT_TASKS), 0U);
}

// Children in the order of lists, whether they were asked for alone or with those of others.
TEST(Cascade, ChildrenAreReleasedInTheOrderOfLists) {
  for (const bool together : {false, true}) {
    TestLedger ledger;
    RegisterBasics(ledger);
    BuildFunction(ledger);
    const auto add = [&](int number, std::vector<std::string> parents = {}) {
      EXPECT_EQ(
          TextOf(ledger.Do(
              "A", TasksRequest({TaskRequest(KeyText(number), KeyText(2), KeyText(1), "A", std::move(parents))}))),
          "");
    };
    const auto act = [&](int number, pb::ComputeTaskAction action) {
      EXPECT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(number), action))), "");
    };
    for (const int parent : {9, 10, 11}) {
      add(parent);
      act(parent, pb::TASK_ACTION_EXECUTING);
    }
    act(9, pb::TASK_ACTION_DONE);
    add(30, {KeyText(9), KeyText(10)});  // takes an output of 10 in its second place
    add(22, {KeyText(10)});
    add(21, {KeyText(10)});
    const size_t before = ledger.Events().size();
    const auto first = MakeCall("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_DONE));
    const auto second = MakeCall("A", TaskActionRequest(KeyText(11), pb::TASK_ACTION_DONE));
    ledger.RunBatch(together ? std::vector<TestCommand*>{first.get(), second.get()}
                             : std::vector<TestCommand*>{first.get()});
    std::vector<std::string> moved;
    for (const pb::Event& event : ledger.Events()) moved.push_back(event.asset_key());
    moved.erase(moved.begin(), moved.begin() + static_cast<std::ptrdiff_t>(before));
    moved.resize(4);
    EXPECT_EQ(moved, (std::vector{KeyText(10), KeyText(22), KeyText(21), KeyText(30)}));
  }
}

// Those that go on waiting are not all held at once, and are all counted.
TEST(Cascade, ChildrenThatGoOnWaitingAreWrittenInPortions) {
  constexpr int kChildren = 4100;
  TestLedger ledger(SmallPortions());
  RegisterBasics(ledger);
  BuildFunction(ledger);
  std::vector<pb::NewComputeTask> tasks;
  for (int i = 0; i < 2 + kChildren; ++i) {
    tasks.push_back(TaskRequest(TaskKey(i), KeyText(2), KeyText(1), "A",
                                i < 2 ? std::vector<std::string>{} : std::vector{TaskKey(0), TaskKey(1)}));
  }
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest(std::move(tasks)))), "");
  for (const int parent : {0, 1}) {
    ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(parent), pb::TASK_ACTION_EXECUTING))), "");
  }
  const int applied = ledger.store->Count(StoreCall::kApply);
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(0), pb::TASK_ACTION_DONE))), "");
  EXPECT_GT(ledger.store->Count(StoreCall::kApply), applied + 1);
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_WAITING_FOR_PARENT_TASKS), static_cast<size_t>(kChildren));
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(TaskKey(1), pb::TASK_ACTION_DONE))), "");
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_WAITING_FOR_EXECUTOR_SLOT), static_cast<size_t>(kChildren));
}

TEST(Cascade, AFunctionThatFailsFailsItsTasksAndTheirPlansOnce) {
  TestLedger ledger(SmallPortions());
  RegisterBasics(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", PlanRequest(KeyText(3)))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_BUILDING))), "");
  std::vector<pb::NewComputeTask> tasks;
  for (int i = 0; i < 400; ++i) tasks.push_back(TaskRequest(KeyText(100 + i), KeyText(2 + i % 2), KeyText(1), "A"));
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest(std::move(tasks)))), "");
  const size_t before = ledger.Events().size();
  ASSERT_EQ(TextOf(ledger.Do("A", FailureRequest(KeyText(1), pb::FAILED_ASSET_FUNCTION))), "");
  const std::vector<pb::Event> events = ledger.Events();
  ASSERT_EQ(events.size(), before + 1 + 400 + 2 + 1);
  EXPECT_EQ(events[before].asset_kind(), pb::ASSET_FUNCTION);
  EXPECT_EQ(events[before + 1].asset_key(), KeyText(100));
  EXPECT_EQ(events[before + 2].compute_plan().key(), KeyText(2));
  EXPECT_EQ(events[before + 3].asset_key(), KeyText(101));
  EXPECT_EQ(events[before + 4].compute_plan().key(), KeyText(3));
  EXPECT_EQ(events.back().asset_kind(), pb::ASSET_FAILURE_REPORT);
  for (size_t i = before; i + 1 < events.size(); ++i) {
    EXPECT_EQ(events[i].metadata().at("reason"), "failure report registered");
  }
  EXPECT_EQ(CountInStatus(ledger, pb::STATUS_FAILED), 400U);
}

TEST(Cascade, CancellingAFunctionCancelsWhatWaitsForIt) {
  for (const bool building : {false, true}) {
    TestLedger ledger(SmallPortions());
    RegisterBasics(ledger);
    if (building) {
      ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_BUILDING))), "");
    }
    RegisterMany(ledger);
    ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_CANCELED))), "");
    EXPECT_EQ(CountInStatus(ledger, pb::STATUS_CANCELED), static_cast<size_t>(kTasks));
    const std::vector<std::string> plan = {StoreKey(TestKey(2))};
    pb::ComputePlan untouched;
    ASSERT_TRUE(untouched.ParseFromString(ledger.Read()->FindAssets(pb::ASSET_COMPUTE_PLAN, plan)->at(0).body));
    EXPECT_FALSE(untouched.has_cancelation_date());
  }
}

// The events of a batch are written as they grow, also those of many commands.
TEST(Cascade, ABatchOfManyCommandsIsWrittenInPortions) {
  TestLedger ledger(SmallPortions());
  RegisterBasics(ledger);
  std::vector<std::unique_ptr<TestCommand>> commands;
  std::vector<TestCommand*> batch;
  for (int i = 0; i < 400; ++i) {
    commands.push_back(MakeCall("A", PlanRequest(KeyText(100 + i / 2))));  // each second one is refused
    batch.push_back(commands.back().get());
  }
  const int applied = ledger.store->Count(StoreCall::kApply);
  const std::vector<Result<void>> outcomes = ledger.RunBatch(batch);
  for (int i = 0; i < 400; ++i) EXPECT_EQ(outcomes[i].has_value(), i % 2 == 0);
  EXPECT_GT(ledger.store->Count(StoreCall::kApply), applied + 1);
  EXPECT_EQ(ledger.Events().size(), 203U);
}

}  // namespace
}  // namespace orc
