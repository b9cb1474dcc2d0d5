#include "domain/state_machine.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace orc {
namespace {

using orchestrator::ComputeTaskAction;
using orchestrator::ComputeTaskStatus;
using orchestrator::FunctionAction;
using orchestrator::FunctionStatus;

// A row of a state table: the state, then the state after each transition in the order of the columns; empty: refused.
struct Row {
  const char* from;
  std::vector<const char*> to;
};

template <class Status, class Transition, class ParseStatus>
void ExpectTable(const std::vector<Row>& rows, const std::vector<std::pair<Transition, const char*>>& columns,
                 const std::string& prefix, ParseStatus parse) {
  for (const Row& row : rows) {
    Status from{};
    ASSERT_TRUE(parse(prefix + row.from, &from));
    ASSERT_EQ(row.to.size(), columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      const Result<Status> next = Next(from, columns[i].first);
      const std::string expected = row.to[i];
      if (!expected.empty()) {
        ASSERT_TRUE(next) << row.from << " " << columns[i].second;
        EXPECT_EQ(StatusName(*next), prefix + expected);
        continue;
      }
      ASSERT_FALSE(next) << row.from << " " << columns[i].second;
      EXPECT_EQ(next.error().kind, ErrorKind::kRefused);
      EXPECT_EQ(next.error().text,
                std::string("event ") + columns[i].second + " inappropriate in current state " + prefix + row.from);
    }
  }
}

TEST(StateMachine, behaviour_12_8_all_states_and_transitions) {
  const std::vector<std::pair<TaskTransition, const char*>> columns = {
      {TaskTransition::kExecuting, "transitionExecuting"},
      {TaskTransition::kDone, "transitionDone"},
      {TaskTransition::kFailed, "transitionFailed"},
      {TaskTransition::kCanceled, "transitionCanceled"},
      {TaskTransition::kBuilding, "transitionBuilding"},
      {TaskTransition::kWaitingExecutorSlot, "transitionWaitingExecutorSlot"},
      {TaskTransition::kWaitingParentTasks, "transitionWaitingParentTasks"},
  };
  const std::vector<Row> rows = {
      {"WAITING_FOR_BUILDER_SLOT", {"", "", "FAILED", "CANCELED", "BUILDING", "", ""}},
      {"BUILDING", {"", "", "FAILED", "CANCELED", "", "WAITING_FOR_EXECUTOR_SLOT", "WAITING_FOR_PARENT_TASKS"}},
      {"WAITING_FOR_PARENT_TASKS", {"", "", "FAILED", "CANCELED", "", "WAITING_FOR_EXECUTOR_SLOT", ""}},
      {"WAITING_FOR_EXECUTOR_SLOT", {"EXECUTING", "", "FAILED", "CANCELED", "", "", ""}},
      {"EXECUTING", {"", "DONE", "FAILED", "CANCELED", "", "", ""}},
      {"DONE", {"", "", "", "", "", "", ""}},
      {"CANCELED", {"", "", "", "", "", "", ""}},
      {"FAILED", {"", "", "", "", "", "", ""}},
      {"UNKNOWN", {"", "", "", "", "", "", ""}},
  };
  EXPECT_EQ(rows.size(), static_cast<size_t>(orchestrator::ComputeTaskStatus_descriptor()->value_count()));
  ExpectTable<ComputeTaskStatus>(rows, columns, "STATUS_", [](const std::string& name, ComputeTaskStatus* status) {
    return orchestrator::ComputeTaskStatus_Parse(name, status);
  });
}

TEST(StateMachine, behaviour_7_4_all_states_and_transitions) {
  const std::vector<std::pair<FunctionTransition, const char*>> columns = {
      {FunctionTransition::kBuilding, "transitionBuilding"},
      {FunctionTransition::kReady, "transitionReady"},
      {FunctionTransition::kFailed, "transitionFailed"},
      {FunctionTransition::kCanceled, "transitionCanceled"},
  };
  const std::vector<Row> rows = {
      {"WAITING", {"BUILDING", "", "", "CANCELED"}},
      {"BUILDING", {"", "READY", "FAILED", "CANCELED"}},
      {"READY", {"", "", "", ""}},
      {"FAILED", {"", "", "", ""}},
      {"CANCELED", {"", "", "", ""}},
      {"UNKNOWN", {"", "", "", ""}},
  };
  EXPECT_EQ(rows.size(), static_cast<size_t>(orchestrator::FunctionStatus_descriptor()->value_count()));
  ExpectTable<FunctionStatus>(rows, columns, "FUNCTION_STATUS_", [](const std::string& name, FunctionStatus* status) {
    return orchestrator::FunctionStatus_Parse(name, status);
  });
}

TEST(StateMachine, behaviour_12_10_actions_of_tasks) {
  EXPECT_EQ(TransitionOf(orchestrator::TASK_ACTION_EXECUTING), TaskTransition::kExecuting);
  EXPECT_EQ(TransitionOf(orchestrator::TASK_ACTION_DONE), TaskTransition::kDone);
  EXPECT_EQ(TransitionOf(orchestrator::TASK_ACTION_CANCELED), TaskTransition::kCanceled);
  EXPECT_EQ(TransitionOf(orchestrator::TASK_ACTION_FAILED), TaskTransition::kFailed);
  EXPECT_EQ(TransitionOf(orchestrator::TASK_ACTION_UNKNOWN), std::nullopt);
  EXPECT_EQ(TransitionOf(orchestrator::TASK_ACTION_BUILD_STARTED), std::nullopt);
  EXPECT_EQ(TransitionOf(orchestrator::TASK_ACTION_BUILD_FINISHED), std::nullopt);
  EXPECT_EQ(TransitionOf(static_cast<ComputeTaskAction>(99)), std::nullopt);
}

TEST(StateMachine, behaviour_7_4_actions_of_functions) {
  EXPECT_EQ(TransitionOf(orchestrator::FUNCTION_ACTION_BUILDING), FunctionTransition::kBuilding);
  EXPECT_EQ(TransitionOf(orchestrator::FUNCTION_ACTION_READY), FunctionTransition::kReady);
  EXPECT_EQ(TransitionOf(orchestrator::FUNCTION_ACTION_CANCELED), FunctionTransition::kCanceled);
  EXPECT_EQ(TransitionOf(orchestrator::FUNCTION_ACTION_FAILED), FunctionTransition::kFailed);
  EXPECT_EQ(TransitionOf(orchestrator::FUNCTION_ACTION_UNKNOWN), std::nullopt);
  EXPECT_EQ(TransitionOf(static_cast<FunctionAction>(-1)), std::nullopt);
}

TEST(StateMachine, behaviour_0_final_statuses) {
  const auto* values = orchestrator::ComputeTaskStatus_descriptor();
  for (int i = 0; i < values->value_count(); ++i) {
    const std::string name = values->value(i)->name();
    const bool expected = name == "STATUS_DONE" || name == "STATUS_CANCELED" || name == "STATUS_FAILED";
    EXPECT_EQ(IsFinal(static_cast<ComputeTaskStatus>(values->value(i)->number())), expected) << name;
  }
}

TEST(StateMachine, names_of_values) {
  EXPECT_EQ(StatusName(orchestrator::STATUS_DONE), "STATUS_DONE");
  EXPECT_EQ(StatusName(orchestrator::FUNCTION_STATUS_UNKNOWN), "FUNCTION_STATUS_UNKNOWN");
  EXPECT_EQ(KindName(orchestrator::ASSET_MODEL), "ASSET_MODEL");
  EXPECT_EQ(StatusName(static_cast<ComputeTaskStatus>(77)), "77");
  EXPECT_EQ(StatusName(static_cast<FunctionStatus>(-5)), "-5");
  EXPECT_EQ(KindName(static_cast<orchestrator::AssetKind>(2)), "2");
}

}  // namespace
}  // namespace orc
