// Organizations, data managers, data samples, plans, failure reports and profiling steps.
#include "domain/validation.h"

#include "domain/field_rules.h"
#include "domain/url.h"

namespace orc {
namespace {

std::string CheckOrganizationId(std::string_view id) {
  if (id.empty()) return kBlankText;
  const std::string length = CheckCharacters(id, kMaxOrganizationChars);
  return length.empty() ? CheckText(id) : length;
}

// May be empty. No rule on U+0000 is needed: a request URL has no control character.
std::string CheckOrganizationAddress(std::string_view address) {
  if (address.empty()) return "";
  return IsRequestUrl(address) ? CheckCharacters(address, kMaxAddressChars) : "must be a valid request URL";
}

// Logs come with errors of the user's code, and only with them.
std::string CheckLogsAddress(const orchestrator::NewFailureReport& request) {
  const bool has_logs = request.error_type() == orchestrator::ERROR_TYPE_BUILD ||
                        request.error_type() == orchestrator::ERROR_TYPE_EXECUTION;
  if (has_logs) return CheckRequiredAddressable(request.has_logs_address(), request.logs_address());
  return request.has_logs_address() ? kNotBlankText : "";
}

// The rules of every update that changes a name only.
template <class Request>
Result<void> ValidateRename(const Request& request, std::string_view kind) {
  FieldErrors errors;
  errors.Add("key", CheckKey(request.key()));
  errors.Add("name", CheckName(request.name()));
  return errors.ToResult(kind);
}

}  // namespace

Result<void> Validate(const orchestrator::RegisterOrganizationParam& request, std::string_view id) {
  FieldErrors errors;
  errors.Add("address", CheckOrganizationAddress(request.address()));
  errors.Add("id", CheckOrganizationId(id));
  return errors.ToResult("organization");
}

Result<void> Validate(const orchestrator::NewDataManager& request) {
  FieldErrors errors;
  errors.Add("key", CheckKey(request.key()));
  errors.Add("name", CheckName(request.name()));
  errors.Add("new_permissions", CheckPermissions(request.has_new_permissions(), request.new_permissions()));
  errors.Add("logs_permission", CheckPermissions(request.has_logs_permission(), request.logs_permission()));
  errors.Add("description", CheckRequiredAddressable(request.has_description(), request.description()));
  errors.Add("opener", CheckRequiredAddressable(request.has_opener(), request.opener()));
  errors.Add("metadata", CheckMetadata(request.metadata()));
  return errors.ToResult("datamanager");
}

Result<void> Validate(const orchestrator::UpdateDataManagerParam& request) {
  return ValidateRename(request, "datamanager");
}

Result<void> Validate(const orchestrator::NewDataSample& request) {
  FieldErrors errors;
  errors.Add("key", CheckKey(request.key()));
  errors.Add("data_manager_keys", CheckKeys(request.data_manager_keys()));
  errors.Add("checksum", CheckChecksum(request.checksum()));
  return errors.ToResult("datasample");
}

Result<void> Validate(const orchestrator::UpdateDataSamplesParam& request) {
  FieldErrors errors;
  errors.Add("keys", request.keys().empty() ? kBlankText : CheckKeys(request.keys()));
  errors.Add("data_manager_keys", CheckKeys(request.data_manager_keys()));
  return errors.ToResult("datasample");
}

Result<void> Validate(const orchestrator::NewComputePlan& request) {
  FieldErrors errors;
  errors.Add("key", CheckKey(request.key()));
  errors.Add("tag", CheckTag(request.tag()));
  errors.Add("name", CheckName(request.name()));
  errors.Add("metadata", CheckMetadata(request.metadata()));
  return errors.ToResult("computeplan");
}

Result<void> Validate(const orchestrator::UpdateComputePlanParam& request) {
  return ValidateRename(request, "computeplan");
}

Result<void> Validate(const orchestrator::ApplyPlanActionParam& request) {
  FieldErrors errors;
  errors.Add("key", CheckKeyInAnyForm(request.key()));
  return errors.ToResult("computeplan");
}

Result<void> Validate(const orchestrator::NewFailureReport& request) {
  const bool type_known = request.error_type() != orchestrator::ERROR_TYPE_UNSPECIFIED &&
                          orchestrator::ErrorType_IsValid(request.error_type());
  FieldErrors errors;
  errors.Add("asset_key", CheckKey(request.asset_key()));
  errors.Add("error_type", type_known ? "" : kValueText);
  errors.Add("asset_type", orchestrator::FailedAssetKind_IsValid(request.asset_type()) ? "" : kValueText);
  errors.Add("logs_address", CheckLogsAddress(request));
  ORC_TRY(errors.ToResult("failurereport"));
  if (request.asset_type() != orchestrator::FAILED_ASSET_UNKNOWN) return {};
  return Fail(ErrorKind::kBadRequest, "can only register failure for asset_kind values function and compute task");
}

Result<void> Validate(const orchestrator::ProfilingStep& request) {
  FieldErrors errors;
  errors.Add("asset_key", CheckKey(request.asset_key()));
  errors.Add("step", CheckName(request.step()));
  errors.Add("duration", CheckRequired(request.duration() != 0));
  return errors.ToResult("profiling_step");
}

}  // namespace orc
