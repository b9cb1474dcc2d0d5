#include "domain/state_machine.h"

#include <span>
#include <string_view>

namespace orc {
namespace {

using orchestrator::AssetKind;
using orchestrator::ComputeTaskAction;
using orchestrator::ComputeTaskStatus;
using orchestrator::FunctionAction;
using orchestrator::FunctionStatus;

template <class Status, class Transition>
struct Step {
  Status from;
  Transition transition;
  Status to;
};

using TaskStep = Step<ComputeTaskStatus, TaskTransition>;
using FunctionStep = Step<FunctionStatus, FunctionTransition>;

// Accepted transitions, by state as in behaviour.md 12.8; every other one is refused.
constexpr TaskStep kTaskSteps[] = {
    {orchestrator::STATUS_WAITING_FOR_BUILDER_SLOT, TaskTransition::kBuilding, orchestrator::STATUS_BUILDING},
    {orchestrator::STATUS_WAITING_FOR_BUILDER_SLOT, TaskTransition::kFailed, orchestrator::STATUS_FAILED},
    {orchestrator::STATUS_WAITING_FOR_BUILDER_SLOT, TaskTransition::kCanceled, orchestrator::STATUS_CANCELED},

    {orchestrator::STATUS_BUILDING, TaskTransition::kWaitingExecutorSlot,
     orchestrator::STATUS_WAITING_FOR_EXECUTOR_SLOT},
    {orchestrator::STATUS_BUILDING, TaskTransition::kWaitingParentTasks, orchestrator::STATUS_WAITING_FOR_PARENT_TASKS},
    {orchestrator::STATUS_BUILDING, TaskTransition::kFailed, orchestrator::STATUS_FAILED},
    {orchestrator::STATUS_BUILDING, TaskTransition::kCanceled, orchestrator::STATUS_CANCELED},

    {orchestrator::STATUS_WAITING_FOR_PARENT_TASKS, TaskTransition::kWaitingExecutorSlot,
     orchestrator::STATUS_WAITING_FOR_EXECUTOR_SLOT},
    {orchestrator::STATUS_WAITING_FOR_PARENT_TASKS, TaskTransition::kFailed, orchestrator::STATUS_FAILED},
    {orchestrator::STATUS_WAITING_FOR_PARENT_TASKS, TaskTransition::kCanceled, orchestrator::STATUS_CANCELED},

    {orchestrator::STATUS_WAITING_FOR_EXECUTOR_SLOT, TaskTransition::kExecuting, orchestrator::STATUS_EXECUTING},
    {orchestrator::STATUS_WAITING_FOR_EXECUTOR_SLOT, TaskTransition::kFailed, orchestrator::STATUS_FAILED},
    {orchestrator::STATUS_WAITING_FOR_EXECUTOR_SLOT, TaskTransition::kCanceled, orchestrator::STATUS_CANCELED},

    {orchestrator::STATUS_EXECUTING, TaskTransition::kDone, orchestrator::STATUS_DONE},
    {orchestrator::STATUS_EXECUTING, TaskTransition::kFailed, orchestrator::STATUS_FAILED},
    {orchestrator::STATUS_EXECUTING, TaskTransition::kCanceled, orchestrator::STATUS_CANCELED},
};

// The same for behaviour.md 7.4.
constexpr FunctionStep kFunctionSteps[] = {
    {orchestrator::FUNCTION_STATUS_WAITING, FunctionTransition::kBuilding, orchestrator::FUNCTION_STATUS_BUILDING},
    {orchestrator::FUNCTION_STATUS_WAITING, FunctionTransition::kCanceled, orchestrator::FUNCTION_STATUS_CANCELED},

    {orchestrator::FUNCTION_STATUS_BUILDING, FunctionTransition::kReady, orchestrator::FUNCTION_STATUS_READY},
    {orchestrator::FUNCTION_STATUS_BUILDING, FunctionTransition::kFailed, orchestrator::FUNCTION_STATUS_FAILED},
    {orchestrator::FUNCTION_STATUS_BUILDING, FunctionTransition::kCanceled, orchestrator::FUNCTION_STATUS_CANCELED},
};

std::string_view TransitionName(TaskTransition transition) {
  switch (transition) {
    case TaskTransition::kExecuting: return "transitionExecuting";
    case TaskTransition::kDone: return "transitionDone";
    case TaskTransition::kFailed: return "transitionFailed";
    case TaskTransition::kCanceled: return "transitionCanceled";
    case TaskTransition::kBuilding: return "transitionBuilding";
    case TaskTransition::kWaitingExecutorSlot: return "transitionWaitingExecutorSlot";
    case TaskTransition::kWaitingParentTasks: return "transitionWaitingParentTasks";
  }
  return "";
}

std::string_view TransitionName(FunctionTransition transition) {
  switch (transition) {
    case FunctionTransition::kBuilding: return "transitionBuilding";
    case FunctionTransition::kReady: return "transitionReady";
    case FunctionTransition::kFailed: return "transitionFailed";
    case FunctionTransition::kCanceled: return "transitionCanceled";
  }
  return "";
}

template <class Status, class Transition>
Result<Status> Take(std::span<const Step<Status, Transition>> steps, Status status, Transition transition) {
  for (const auto& step : steps) {
    if (step.from == status && step.transition == transition) return step.to;
  }
  return Fail(ErrorKind::kRefused, "event " + std::string(TransitionName(transition)) +
                                       " inappropriate in current state " + StatusName(status));
}

std::string NameOrNumber(const std::string& name, int number) {
  return name.empty() ? std::to_string(number) : name;
}

}  // namespace

Result<ComputeTaskStatus> Next(ComputeTaskStatus status, TaskTransition transition) {
  return Take(std::span<const TaskStep>(kTaskSteps), status, transition);
}

Result<FunctionStatus> Next(FunctionStatus status, FunctionTransition transition) {
  return Take(std::span<const FunctionStep>(kFunctionSteps), status, transition);
}

bool IsFinal(ComputeTaskStatus status) {
  return status == orchestrator::STATUS_DONE || status == orchestrator::STATUS_CANCELED ||
         status == orchestrator::STATUS_FAILED;
}

std::optional<TaskTransition> TransitionOf(ComputeTaskAction action) {
  switch (action) {
    case orchestrator::TASK_ACTION_EXECUTING: return TaskTransition::kExecuting;
    case orchestrator::TASK_ACTION_DONE: return TaskTransition::kDone;
    case orchestrator::TASK_ACTION_FAILED: return TaskTransition::kFailed;
    case orchestrator::TASK_ACTION_CANCELED: return TaskTransition::kCanceled;
    default: return std::nullopt;
  }
}

std::optional<FunctionTransition> TransitionOf(FunctionAction action) {
  switch (action) {
    case orchestrator::FUNCTION_ACTION_BUILDING: return FunctionTransition::kBuilding;
    case orchestrator::FUNCTION_ACTION_READY: return FunctionTransition::kReady;
    case orchestrator::FUNCTION_ACTION_FAILED: return FunctionTransition::kFailed;
    case orchestrator::FUNCTION_ACTION_CANCELED: return FunctionTransition::kCanceled;
    default: return std::nullopt;
  }
}

std::string StatusName(ComputeTaskStatus status) {
  return NameOrNumber(orchestrator::ComputeTaskStatus_Name(status), status);
}

std::string StatusName(FunctionStatus status) {
  return NameOrNumber(orchestrator::FunctionStatus_Name(status), status);
}

std::string KindName(AssetKind kind) {
  return NameOrNumber(orchestrator::AssetKind_Name(kind), kind);
}

}  // namespace orc
