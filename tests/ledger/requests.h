// Sound requests for tests, and keys by number. Pure functions.
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "domain/key.h"
#include "ledger/commands.h"

namespace orc {

namespace pb = ::orchestrator;

// The key of this number; keys compare as their numbers.
inline std::string KeyText(int64_t number) {
  char text[37];
  std::snprintf(text, sizeof text, "00000000-0000-4000-8000-%012llx", static_cast<long long>(number & 0xFFFFFFFFFFFF));
  return text;
}

inline Key TestKey(int64_t number) {
  return *Key::FromCanonical(KeyText(number));
}

inline pb::Addressable TestFile() {
  pb::Addressable file;
  file.set_checksum(std::string(64, 'a'));
  file.set_storage_address("http://storage.example/file");
  return file;
}

inline pb::NewPermissions PublicPermissions() {
  pb::NewPermissions permissions;
  permissions.set_public_(true);
  return permissions;
}

inline pb::NewPermissions PermissionsFor(const std::vector<std::string>& organizations) {
  pb::NewPermissions permissions;
  for (const std::string& organization : organizations) permissions.add_authorized_ids(organization);
  return permissions;
}

// Public; inputs `model` (any number of models, also none); outputs `model`, `models` (multiple) and `perf`.
inline pb::NewFunction FunctionRequest(const std::string& key) {
  pb::NewFunction request;
  request.set_key(key);
  request.set_name("function");
  *request.mutable_description() = TestFile();
  *request.mutable_archive() = TestFile();
  *request.mutable_new_permissions() = PublicPermissions();
  pb::FunctionInput& model = (*request.mutable_inputs())["model"];
  model.set_kind(pb::ASSET_MODEL);
  model.set_multiple(true);
  model.set_optional(true);
  (*request.mutable_outputs())["model"].set_kind(pb::ASSET_MODEL);
  (*request.mutable_outputs())["models"].set_kind(pb::ASSET_MODEL);
  (*request.mutable_outputs())["models"].set_multiple(true);
  (*request.mutable_outputs())["perf"].set_kind(pb::ASSET_PERFORMANCE);
  return request;
}

inline pb::UpdateFunctionParam FunctionUpdate(const std::string& key, bool with_image) {
  pb::UpdateFunctionParam request;
  request.set_key(key);
  request.set_name("renamed function");
  if (with_image) *request.mutable_image() = TestFile();
  return request;
}

inline pb::ApplyFunctionActionParam FunctionActionRequest(const std::string& key, pb::FunctionAction action) {
  pb::ApplyFunctionActionParam request;
  request.set_function_key(key);
  request.set_action(action);
  return request;
}

inline pb::NewDataManager ManagerRequest(const std::string& key) {
  pb::NewDataManager request;
  request.set_key(key);
  request.set_name("manager");
  *request.mutable_new_permissions() = PublicPermissions();
  *request.mutable_logs_permission() = PublicPermissions();
  *request.mutable_description() = TestFile();
  *request.mutable_opener() = TestFile();
  return request;
}

inline pb::RegisterDataSamplesParam SamplesRequest(const std::vector<std::string>& keys,
                                                   const std::vector<std::string>& managers) {
  pb::RegisterDataSamplesParam request;
  for (const std::string& key : keys) {
    pb::NewDataSample& sample = *request.add_samples();
    sample.set_key(key);
    sample.set_checksum(std::string(64, 'b'));
    for (const std::string& manager : managers) sample.add_data_manager_keys(manager);
  }
  return request;
}

inline pb::NewComputePlan PlanRequest(const std::string& key) {
  pb::NewComputePlan request;
  request.set_key(key);
  request.set_name("plan");
  return request;
}

inline pb::UpdateComputePlanParam PlanUpdate(const std::string& key, const std::string& name) {
  pb::UpdateComputePlanParam request;
  request.set_key(key);
  request.set_name(name);
  return request;
}

// For a function of FunctionRequest: all outputs public, `model` and `models` transient. Inputs are the parents' output
// `models`.
inline pb::NewComputeTask TaskRequest(const std::string& key, const std::string& plan, const std::string& function,
                                      const std::string& worker, const std::vector<std::string>& parents = {}) {
  pb::NewComputeTask task;
  task.set_key(key);
  task.set_compute_plan_key(plan);
  task.set_function_key(function);
  task.set_worker(worker);
  for (const char* output : {"model", "models", "perf"}) {
    pb::NewComputeTaskOutput& wanted = (*task.mutable_outputs())[output];
    *wanted.mutable_permissions() = PublicPermissions();
    wanted.set_transient(output != std::string("perf"));
  }
  for (const std::string& parent : parents) {
    pb::ComputeTaskInput& input = *task.add_inputs();
    input.set_identifier("model");
    input.mutable_parent_task_output()->set_parent_task_key(parent);
    input.mutable_parent_task_output()->set_output_identifier("models");
  }
  return task;
}

inline pb::RegisterTasksParam TasksRequest(std::vector<pb::NewComputeTask> tasks) {
  pb::RegisterTasksParam request;
  for (pb::NewComputeTask& task : tasks) *request.add_tasks() = std::move(task);
  return request;
}

inline pb::ApplyTaskActionParam TaskActionRequest(const std::string& key, pb::ComputeTaskAction action,
                                                  const std::string& log = "") {
  pb::ApplyTaskActionParam request;
  request.set_compute_task_key(key);
  request.set_action(action);
  request.set_log(log);
  return request;
}

inline pb::NewModel ModelRequest(const std::string& key, const std::string& task, const std::string& output) {
  pb::NewModel request;
  request.set_key(key);
  request.set_compute_task_key(task);
  request.set_compute_task_output_identifier(output);
  *request.mutable_address() = TestFile();
  return request;
}

inline pb::DisableOutputParam DisableRequest(const std::string& task, const std::string& output) {
  pb::DisableOutputParam request;
  request.set_compute_task_key(task);
  request.set_identifier(output);
  return request;
}

inline pb::NewPerformance PerformanceRequest(const std::string& task, const std::string& output) {
  pb::NewPerformance request;
  request.set_compute_task_key(task);
  request.set_compute_task_output_identifier(output);
  request.set_performance_value(0.5F);
  return request;
}

inline pb::NewFailureReport FailureRequest(const std::string& key, pb::FailedAssetKind kind) {
  pb::NewFailureReport request;
  request.set_asset_key(key);
  request.set_asset_type(kind);
  request.set_error_type(pb::ERROR_TYPE_INTERNAL);
  return request;
}

inline pb::ProfilingStep ProfilingRequest(const std::string& key) {
  pb::ProfilingStep request;
  request.set_asset_key(key);
  request.set_step("step");
  request.set_duration(1);
  return request;
}

}  // namespace orc
