// Functions (behaviour.md 7.1, 7.3 and 7.4).
#include "domain/field_rules.h"
#include "domain/validation.h"

namespace orc {
namespace {

using orchestrator::AssetKind;
using orchestrator::FunctionInput;
using orchestrator::FunctionOutput;

std::string InvalidKind() {
  FieldErrors errors;
  errors.Add("kind", kValueText);
  return errors.Nested();
}

bool IsInputKind(AssetKind kind) {
  return kind == orchestrator::ASSET_MODEL || kind == orchestrator::ASSET_DATA_SAMPLE ||
         kind == orchestrator::ASSET_DATA_MANAGER;
}

std::string CheckInput(const std::string& identifier, const FunctionInput& input) {
  if (std::string text = CheckName(identifier); !text.empty()) return text;
  if (!IsInputKind(input.kind())) return InvalidKind();
  if (input.kind() == orchestrator::ASSET_DATA_MANAGER && (input.multiple() || input.optional())) {
    return InvalidText("function input \"" + identifier + "\" of kind DATA_MANAGER cannot be Multiple or Optional");
  }
  return "";
}

std::string CheckInputs(const google::protobuf::Map<std::string, FunctionInput>& inputs) {
  bool has_manager = false;
  bool has_sample = false;
  for (const auto* entry : SortedEntries(inputs)) {
    if (std::string text = CheckInput(entry->first, entry->second); !text.empty()) return text;
    const bool is_manager = entry->second.kind() == orchestrator::ASSET_DATA_MANAGER;
    if (is_manager && has_manager) return InvalidText("cannot have multiple inputs of type ASSET_DATA_MANAGER");
    has_manager = has_manager || is_manager;
    has_sample = has_sample || entry->second.kind() == orchestrator::ASSET_DATA_SAMPLE;
  }
  if (has_manager == has_sample) return "";
  return InvalidText(
      "cannot have an input of type ASSET_DATA_MANAGER without an input of type ASSET_DATA_SAMPLE, and vice versa");
}

std::string CheckOutputs(const google::protobuf::Map<std::string, FunctionOutput>& outputs) {
  for (const auto* entry : SortedEntries(outputs)) {
    const std::string& identifier = entry->first;
    const FunctionOutput& output = entry->second;
    if (std::string text = CheckName(identifier); !text.empty()) return text;
    const bool is_performance = output.kind() == orchestrator::ASSET_PERFORMANCE;
    if (!is_performance && output.kind() != orchestrator::ASSET_MODEL) return InvalidKind();
    if (is_performance && output.multiple()) {
      return InvalidText("Function output of kind PERFORMANCE cannot be Multiple. Invalid output: " + identifier);
    }
  }
  return "";
}

// A client that changes the name alone may leave the image out or empty.
bool GivesImage(const orchestrator::UpdateFunctionParam& request) {
  return !request.image().checksum().empty() || !request.image().storage_address().empty();
}

}  // namespace

Result<void> Validate(const orchestrator::NewFunction& request) {
  FieldErrors errors;
  errors.Add("key", CheckKey(request.key()));
  errors.Add("name", CheckName(request.name()));
  errors.Add("description", CheckRequiredAddressable(request.has_description(), request.description()));
  errors.Add("archive", CheckRequiredAddressable(request.has_archive(), request.archive()));
  errors.Add("new_permissions", CheckPermissions(request.has_new_permissions(), request.new_permissions()));
  errors.Add("metadata", CheckMetadata(request.metadata()));
  errors.Add("inputs", CheckInputs(request.inputs()));
  errors.Add("outputs", CheckOutputs(request.outputs()));
  return errors.ToResult("function");
}

Result<void> Validate(const orchestrator::UpdateFunctionParam& request) {
  FieldErrors errors;
  errors.Add("key", CheckKey(request.key()));
  errors.Add("name", CheckName(request.name()));
  if (GivesImage(request)) errors.Add("image", CheckAddressable(request.image()));
  return errors.ToResult("function");
}

Result<void> Validate(const orchestrator::ApplyFunctionActionParam& request) {
  FieldErrors errors;
  errors.Add("function_key", CheckKeyInAnyForm(request.function_key()));
  return errors.ToResult("function");
}

}  // namespace orc
