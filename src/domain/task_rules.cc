#include "domain/task_rules.h"

#include <algorithm>

#include "domain/state_machine.h"
#include "domain/text.h"

namespace orc {

namespace pb = ::orchestrator;

tl::unexpected<Error> InvalidInput(std::string_view identifier, std::string_view rest) {
  return Fail(ErrorKind::kInvalidAsset, "invalid task input " + Quote(identifier) + ": " + std::string(rest));
}

Result<const pb::FunctionInput*> DeclaredInput(const pb::Function& function, const std::string& identifier) {
  const auto found = function.inputs().find(identifier);
  if (found != function.inputs().end()) return &found->second;
  return Fail(ErrorKind::kInvalidAsset,
              "unknown task input: this identifier was not declared in the Function: " + Quote(identifier));
}

Result<void> CheckOutputFitsInput(const std::string& identifier, const pb::FunctionInput& input,
                                  const pb::ParentTaskOutputRef& reference, const pb::Function& parent_function) {
  const auto output = parent_function.outputs().find(reference.output_identifier());
  if (output == parent_function.outputs().end()) {
    return InvalidInput(identifier, "parent task " + reference.parent_task_key() +
                                        ": function output not found: " + Quote(reference.output_identifier()));
  }
  if (output->second.kind() != input.kind()) {
    return InvalidInput(identifier, "mismatching task input asset kinds: expecting " + KindName(input.kind()) +
                                        " but parent task output has kind " + KindName(output->second.kind()));
  }
  if (output->second.multiple() && !input.multiple()) {
    return InvalidInput(identifier, "multiple task output used as single task input");
  }
  return {};
}

Result<void> CheckNoInputMissing(const pb::Function& function, const std::unordered_set<std::string_view>& seen) {
  for (const std::string_view identifier : SortedIdentifiers(function.inputs())) {
    if (function.inputs().at(std::string(identifier)).optional()) continue;
    if (!seen.contains(identifier)) {
      return Fail(ErrorKind::kInvalidAsset,
                  "missing task input: this identifier is required by the Function: " + Quote(identifier));
    }
  }
  return {};
}

Result<void> CheckOutputs(const pb::Function& function, const pb::ComputeTask& task) {
  const std::string prefix = "invalid task " + task.key() + ", ";
  for (const std::string_view identifier : SortedIdentifiers(task.outputs())) {
    const auto declared = function.outputs().find(std::string(identifier));
    if (declared == function.outputs().end()) {
      return Fail(ErrorKind::kInvalidAsset, prefix +
                                                "unknown task output: this identifier was not declared in the "
                                                "Function: " +
                                                Quote(identifier));
    }
    if (declared->second.kind() != pb::ASSET_PERFORMANCE) continue;
    const pb::ComputeTaskOutput& output = task.outputs().at(std::string(identifier));
    const std::string invalid = prefix + "invalid task output " + Quote(identifier) + ": a PERFORMANCE output ";
    if (!output.permissions().process().public_()) {
      return Fail(ErrorKind::kInvalidAsset, invalid + "should be public");
    }
    if (output.transient()) return Fail(ErrorKind::kInvalidAsset, invalid + "cannot be transient");
  }
  for (const std::string_view identifier : SortedIdentifiers(function.outputs())) {
    if (!task.outputs().contains(std::string(identifier))) {
      return Fail(ErrorKind::kInvalidAsset,
                  prefix + "missing task output: this identifier is required by the Function: " + Quote(identifier));
    }
  }
  return {};
}

pb::FunctionStatus EffectiveStatus(const pb::Function& function) {
  if (function.status() != pb::FUNCTION_STATUS_UNKNOWN) return function.status();
  return function.image().checksum().empty() ? pb::FUNCTION_STATUS_WAITING : pb::FUNCTION_STATUS_READY;
}

pb::ComputeTaskStatus InitialStatus(pb::FunctionStatus function, std::span<const pb::ComputeTaskStatus> parents) {
  const auto lost = [](pb::ComputeTaskStatus status) {
    return status == pb::STATUS_FAILED || status == pb::STATUS_CANCELED;
  };
  if (std::any_of(parents.begin(), parents.end(), lost)) return pb::STATUS_CANCELED;
  switch (function) {
    case pb::FUNCTION_STATUS_WAITING: return pb::STATUS_WAITING_FOR_BUILDER_SLOT;
    case pb::FUNCTION_STATUS_BUILDING: return pb::STATUS_BUILDING;
    case pb::FUNCTION_STATUS_FAILED: return pb::STATUS_FAILED;
    case pb::FUNCTION_STATUS_CANCELED: return pb::STATUS_CANCELED;
    default: break;
  }
  const auto done = [](pb::ComputeTaskStatus status) { return status == pb::STATUS_DONE; };
  return std::all_of(parents.begin(), parents.end(), done) ? pb::STATUS_WAITING_FOR_EXECUTOR_SLOT
                                                           : pb::STATUS_WAITING_FOR_PARENT_TASKS;
}

}  // namespace orc
