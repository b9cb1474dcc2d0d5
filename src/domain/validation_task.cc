// Tasks and what is registered on their outputs (behaviour.md 12 to 14).
#include <unordered_set>

#include "domain/field_rules.h"
#include "domain/key.h"
#include "domain/validation.h"

namespace orc {
namespace {

using orchestrator::ComputeTaskInput;
using orchestrator::NewComputeTask;
using orchestrator::NewComputeTaskOutput;

// The reference of an input, under the names that clients have always been shown.
std::string CheckReference(const ComputeTaskInput& input) {
  if (input.ref_case() == ComputeTaskInput::REF_NOT_SET) return kBlankText;
  FieldErrors errors;
  if (input.has_asset_key()) errors.Add("AssetKey", CheckKey(input.asset_key()));
  return errors.Nested();
}

// A reference to a parent is looked into only when the input is sound otherwise.
std::string CheckTaskInput(const ComputeTaskInput& input) {
  FieldErrors errors;
  errors.Add("identifier", CheckIdentifier(input.identifier()));
  errors.Add("Ref", CheckReference(input));
  if (errors.empty() && input.has_parent_task_output()) {
    errors.Add("parent_task_key", CheckKey(input.parent_task_output().parent_task_key()));
    errors.Add("output_identifier", CheckIdentifier(input.parent_task_output().output_identifier()));
  }
  return errors.Nested();
}

std::string CheckTaskInputs(const google::protobuf::RepeatedPtrField<ComputeTaskInput>& inputs) {
  for (const ComputeTaskInput& input : inputs) {
    if (std::string text = CheckTaskInput(input); !text.empty()) return text;
  }
  return "";
}

std::string CheckTaskOutputs(const google::protobuf::Map<std::string, NewComputeTaskOutput>& outputs) {
  for (const auto* entry : SortedEntries(outputs)) {
    if (std::string text = CheckIdentifier(entry->first); !text.empty()) return text;
    FieldErrors errors;
    errors.Add("permissions", CheckPermissions(entry->second.has_permissions(), entry->second.permissions()));
    if (!errors.empty()) return errors.Nested();
  }
  return "";
}

Result<void> Validate(const NewComputeTask& task) {
  FieldErrors errors;
  errors.Add("key", CheckKey(task.key()));
  errors.Add("function_key", CheckKey(task.function_key()));
  errors.Add("compute_plan_key", CheckKey(task.compute_plan_key()));
  errors.Add("metadata", CheckMetadata(task.metadata()));
  errors.Add("inputs", CheckTaskInputs(task.inputs()));
  errors.Add("outputs", CheckTaskOutputs(task.outputs()));
  return errors.ToResult("computetask");
}

}  // namespace

Result<void> Validate(const orchestrator::RegisterTasksParam& request) {
  if (request.tasks().empty()) return Fail(ErrorKind::kBadRequest, "no task to register");
  for (const NewComputeTask& task : request.tasks()) ORC_TRY(Validate(task));
  std::unordered_set<Key, KeyHash> keys;
  keys.reserve(static_cast<size_t>(request.tasks_size()));
  for (const NewComputeTask& task : request.tasks()) {
    if (!keys.insert(*Key::FromCanonical(task.key())).second) return AlreadyExists("computetask", task.key());
  }
  return {};
}

Result<void> Validate(const orchestrator::ApplyTaskActionParam& request) {
  FieldErrors errors;
  errors.Add("compute_task_key", CheckKeyInAnyForm(request.compute_task_key()));
  errors.Add("log", CheckText(request.log()));
  return errors.ToResult("computetask");
}

Result<void> Validate(const orchestrator::DisableOutputParam& request) {
  FieldErrors errors;
  errors.Add("compute_task_key", CheckKeyInAnyForm(request.compute_task_key()));
  return errors.ToResult("computetask");
}

Result<void> Validate(const orchestrator::NewModel& request) {
  FieldErrors errors;
  errors.Add("key", CheckKey(request.key()));
  errors.Add("compute_task_key", CheckKey(request.compute_task_key()));
  errors.Add("compute_task_output_identifier", CheckIdentifier(request.compute_task_output_identifier()));
  errors.Add("address", CheckRequiredAddressable(request.has_address(), request.address()));
  return errors.ToResult("model");
}

Result<void> Validate(const orchestrator::RegisterModelsParam& request) {
  if (request.models().empty()) return Fail(ErrorKind::kBadRequest, "no model to register");
  for (const orchestrator::NewModel& model : request.models()) ORC_TRY(Validate(model));
  for (const orchestrator::NewModel& model : request.models()) {
    if (model.compute_task_key() != request.models(0).compute_task_key()) {
      return Fail(ErrorKind::kBadRequest, "All models should be part of the same task");
    }
  }
  return {};
}

Result<void> Validate(const orchestrator::NewPerformance& request) {
  FieldErrors errors;
  errors.Add("compute_task_key", CheckKey(request.compute_task_key()));
  errors.Add("compute_task_output_identifier", CheckIdentifier(request.compute_task_output_identifier()));
  return errors.ToResult("performance");
}

}  // namespace orc
