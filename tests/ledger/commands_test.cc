// What the commands decide where a text, a bound or a cost is easily got wrong. The full tables of the specification
// are tested over the wire.
#include <gtest/gtest.h>

#include "tests/ledger/support.h"

namespace orc {
namespace {

TEST(RegisterTasks, TextsOnOutputsNameTheTask) {
  TestLedger ledger;
  RegisterBasics(ledger);
  pb::NewComputeTask task = TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A");
  task.mutable_outputs()->erase("model");
  EXPECT_EQ(TextOf(ledger.Do("A", TasksRequest({task}))),
            "OE0101: invalid task " + KeyText(10) +
                ", missing task output: this identifier is required by the Function: \"model\"");
  task = TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A");
  (*task.mutable_outputs())["perf"].set_transient(true);
  EXPECT_EQ(TextOf(ledger.Do("A", TasksRequest({task}))),
            "OE0101: invalid task " + KeyText(10) +
                ", invalid task output \"perf\": a PERFORMANCE output cannot be transient");
}

// The report is refused before the function begins to fail: once tasks are written in portions, a refusal would cost
// the neighbours of the batch their calls.
TEST(RegisterFailureReport, ASecondReportOfAKeyIsAPlainConflict) {
  LedgerOptions options;
  options.workspace.flush_bytes = 1;
  TestLedger ledger(options);
  RegisterBasics(ledger);
  BuildFunction(ledger);
  // Function and task may have the same key: one key 10 fails as a task, then as a function.
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_EXECUTING))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", FailureRequest(KeyText(10), pb::FAILED_ASSET_COMPUTE_TASK))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionRequest(KeyText(10)))), "");
  const std::string waiting = "event transitionFailed inappropriate in current state FUNCTION_STATUS_WAITING";
  EXPECT_EQ(TextOf(ledger.Do("A", FailureRequest(KeyText(10), pb::FAILED_ASSET_FUNCTION))), waiting);
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(11), KeyText(2), KeyText(10), "A")}))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(10), pb::FUNCTION_ACTION_BUILDING))), "");

  const auto report = MakeCall("A", FailureRequest(KeyText(10), pb::FAILED_ASSET_FUNCTION));
  const auto neighbour = MakeCall("A", PlanRequest(KeyText(3)));
  const std::vector<Result<void>> outcomes = ledger.RunBatch({report.get(), neighbour.get()});
  EXPECT_EQ(TextOf(outcomes[0]), "OE0006: failurereport with key \"" + KeyText(10) + "\" already exists");
  EXPECT_EQ(TextOf(outcomes[1]), "");
  EXPECT_EQ(ledger.Task(KeyText(11)).status(), pb::STATUS_BUILDING);
}

TEST(RegisterFailureReport, TellsTheTaskThePlanAndTheReport) {
  TestLedger ledger;
  RegisterBasics(ledger);
  BuildFunction(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_EXECUTING))), "");
  const size_t before = ledger.Events().size();
  ASSERT_EQ(TextOf(ledger.Do("A", FailureRequest(KeyText(10), pb::FAILED_ASSET_COMPUTE_TASK))), "");
  const std::vector<pb::Event> events = ledger.Events();
  ASSERT_EQ(events.size(), before + 3);
  const pb::Event* told = &events[before];
  EXPECT_EQ(told[0].compute_task().status(), pb::STATUS_FAILED);
  EXPECT_EQ(told[0].metadata().at("reason"), "failure report registered");
  EXPECT_EQ(told[0].compute_task().outputs_size(), 3);
  EXPECT_EQ(told[1].compute_plan().failure_date().seconds(), told[1].timestamp().seconds());
  EXPECT_EQ(told[1].metadata().at("reason"), "failure report registered");
  EXPECT_EQ(told[2].failure_report().asset_key(), KeyText(10));
  EXPECT_TRUE(told[2].metadata().empty());
}

// 5,000 models on one output in one call: each is staged in the same time as the first.
TEST(RegisterModels, ManyModelsOnOneOutputCostWhatTheyAre) {
  TestLedger ledger;
  RegisterBasics(ledger);
  BuildFunction(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_EXECUTING))), "");
  pb::RegisterModelsParam request;
  for (int i = 0; i < 5000; ++i) *request.add_models() = ModelRequest(KeyText(1000 + i), KeyText(10), "models");
  const auto registered = ledger.Do("A", request);
  ASSERT_EQ(TextOf(registered), "");
  EXPECT_EQ(registered->models_size(), 5000);
  const std::vector<Key> task = {TestKey(10)};
  const std::vector<OutputRow> outputs = *ledger.Read()->FindOutputs(task);
  ASSERT_EQ(outputs.size(), 5000U);
  EXPECT_EQ(outputs[4999].asset_key, StoreKey(TestKey(5999)));
}

TEST(UpdateDataSamples, WhatOneCallTellsIsBounded) {
  LedgerOptions options;
  options.workspace.max_command_bytes = 100'000;
  TestLedger ledger(options);
  RegisterBasics(ledger);
  std::vector<std::string> managers;
  for (int i = 0; i < 50; ++i) {
    managers.push_back(KeyText(100 + i));
    ASSERT_EQ(TextOf(ledger.Do("A", ManagerRequest(managers.back()))), "");
  }
  ASSERT_EQ(TextOf(ledger.Do("A", SamplesRequest({KeyText(10)}, managers))), "");
  const size_t before = ledger.Events().size();
  // Each of the events shows all 50 data managers.
  pb::UpdateDataSamplesParam request;
  for (int i = 0; i < 200; ++i) request.add_keys(KeyText(10));
  const auto refused = MakeCall("A", request);
  const auto neighbour = MakeCall("A", PlanRequest(KeyText(3)));
  const std::vector<Result<void>> outcomes = ledger.RunBatch({refused.get(), neighbour.get()});
  EXPECT_TRUE(FailedAs(outcomes[0], ErrorKind::kExhausted));
  EXPECT_EQ(TextOf(outcomes[1]), "");
  EXPECT_EQ(ledger.Events().size(), before + 1);
}

TEST(DisableOutput, DisablesOnceAndRepeatsWithoutEvent) {
  TestLedger ledger;
  RegisterBasics(ledger);
  BuildFunction(ledger);
  ASSERT_EQ(
      TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A"),
                                          TaskRequest(KeyText(11), KeyText(2), KeyText(1), "A", {KeyText(10)})}))),
      "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_EXECUTING))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", ModelRequest(KeyText(20), KeyText(10), "models"))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_DONE))), "");
  EXPECT_EQ(TextOf(ledger.Do("A", DisableRequest(KeyText(10), "models"))),
            "OE0108: cannot disable asset: child not in final state");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(11), pb::TASK_ACTION_CANCELED))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", DisableRequest(KeyText(10), "models"))), "");
  const std::vector<pb::Event> events = ledger.Events();
  EXPECT_EQ(events.back().event_kind(), pb::EVENT_ASSET_DISABLED);
  EXPECT_FALSE(events.back().model().has_address());
  EXPECT_EQ(TextOf(ledger.Do("A", DisableRequest(KeyText(10), "models"))), "");
  EXPECT_EQ(ledger.Events().size(), events.size());
  EXPECT_EQ(
      TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(12), KeyText(2), KeyText(1), "A", {KeyText(10)})}))),
      "OE0101: Model \"" + KeyText(20) + "\" has been disabled");
}

}  // namespace
}  // namespace orc
