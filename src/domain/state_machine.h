// The state machines of compute tasks and functions (behaviour.md 7.4 and 12.8), as tables. Pure functions,
// thread-safe.
#pragma once

#include <optional>
#include <string>

#include "computetask.pb.h"
#include "domain/error.h"
#include "function.pb.h"

namespace orc {

enum class TaskTransition {
  kExecuting,
  kDone,
  kFailed,
  kCanceled,
  kBuilding,
  kWaitingExecutorSlot,
  kWaitingParentTasks
};
enum class FunctionTransition { kBuilding, kReady, kFailed, kCanceled };

// The status after `transition`. Refused: kRefused, `event <transition> inappropriate in current state <status name>`.
Result<orchestrator::ComputeTaskStatus> Next(orchestrator::ComputeTaskStatus status, TaskTransition transition);
Result<orchestrator::FunctionStatus> Next(orchestrator::FunctionStatus status, FunctionTransition transition);

// DONE, CANCELED or FAILED.
bool IsFinal(orchestrator::ComputeTaskStatus status);

// What a client's action asks for; nothing for actions clients may not apply.
std::optional<TaskTransition> TransitionOf(orchestrator::ComputeTaskAction action);
std::optional<FunctionTransition> TransitionOf(orchestrator::FunctionAction action);

// The names of enum values as texts show them, such as STATUS_DONE; the decimal number for a value without name.
std::string StatusName(orchestrator::ComputeTaskStatus status);
std::string StatusName(orchestrator::FunctionStatus status);
std::string KindName(orchestrator::AssetKind kind);

}  // namespace orc
