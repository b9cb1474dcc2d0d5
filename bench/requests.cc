#include "requests.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "computeplan.pb.h"
#include "datasample.pb.h"
#include "event.pb.h"
#include "function.pb.h"
#include "model.pb.h"
#include "organization.pb.h"

namespace bench {
namespace {

constexpr size_t kTasksPerCall = 5'000;  // about a megabyte

pb::Addressable File(const std::string& name) {
  pb::Addressable file;
  file.set_checksum(std::string(64, 'a'));
  file.set_storage_address("http://bench.example.com/" + name + "/" + NewKey());
  return file;
}

}  // namespace

std::string NewKey() {
  thread_local std::mt19937_64 random(std::random_device{}());
  const uint64_t high = random();
  const uint64_t low = random();
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-a%03x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xFFFF), static_cast<unsigned>(high & 0xFFF),
                static_cast<unsigned>(low >> 52), static_cast<unsigned long long>(low & 0xFFFFFFFFFFFF));
  return text;
}

World::World(const std::string& organization, Caller caller)
    : organization_(organization), caller_(std::move(caller)), function_(NewKey()) {
  const grpc::Status status = Ask(
      caller_, {"/orchestrator.OrganizationService/RegisterOrganization", Serialize(pb::RegisterOrganizationParam())});
  if (!status.ok() && status.error_code() != grpc::StatusCode::ALREADY_EXISTS) {
    std::fprintf(stderr, "RegisterOrganization: %s\n", status.error_message().c_str());
    std::exit(1);
  }
  pb::NewFunction function;
  function.set_key(function_);
  function.set_name("bench");
  *function.mutable_description() = File("description");
  *function.mutable_archive() = File("archive");
  function.mutable_new_permissions()->set_public_(true);
  pb::FunctionInput& input = (*function.mutable_inputs())["models"];
  input.set_kind(pb::ASSET_MODEL);
  input.set_multiple(true);
  input.set_optional(true);
  (*function.mutable_outputs())["model"].set_kind(pb::ASSET_MODEL);
  Require(caller_, {"/orchestrator.FunctionService/RegisterFunction", Serialize(function)});
  for (const auto action : {pb::FUNCTION_ACTION_BUILDING, pb::FUNCTION_ACTION_READY}) {
    pb::ApplyFunctionActionParam param;
    param.set_function_key(function_);
    param.set_action(action);
    Require(caller_, {"/orchestrator.FunctionService/ApplyFunctionAction", Serialize(param)});
  }
}

std::string World::NewPlan() const {
  const std::string key = NewKey();
  Require(caller_, PlanCall(key));
  return key;
}

pb::NewComputeTask World::NewTask(const std::string& plan, const std::vector<std::string>& parents) const {
  pb::NewComputeTask task;
  task.set_key(NewKey());
  task.set_function_key(function_);
  task.set_compute_plan_key(plan);
  task.set_worker(organization_);
  (*task.mutable_metadata())["__tag__"] = "bench";
  for (const std::string& parent : parents) {
    pb::ComputeTaskInput& input = *task.add_inputs();
    input.set_identifier("models");
    input.mutable_parent_task_output()->set_parent_task_key(parent);
    input.mutable_parent_task_output()->set_output_identifier("model");
  }
  (*task.mutable_outputs())["model"].mutable_permissions()->set_public_(true);
  return task;
}

Call World::TasksCall(const std::string& plan, size_t count, std::vector<std::string>* keys) const {
  pb::RegisterTasksParam param;
  for (size_t i = 0; i < count; ++i) {
    *param.add_tasks() = NewTask(plan);
    if (keys != nullptr) keys->push_back(param.tasks(static_cast<int>(i)).key());
  }
  return {kRegisterTasks, Serialize(param)};
}

std::vector<std::string> World::RegisterTasks(const std::string& plan, size_t count) const {
  std::vector<std::string> keys;
  keys.reserve(count);
  while (keys.size() < count) {
    Require(caller_, TasksCall(plan, std::min(count - keys.size(), kTasksPerCall), &keys));
  }
  return keys;
}

Call PlanCall(const std::string& key) {
  pb::NewComputePlan plan;
  plan.set_key(key);
  plan.set_name("bench");
  return {"/orchestrator.ComputePlanService/RegisterPlan", Serialize(plan)};
}

Call ActionCall(const std::string& task, pb::ComputeTaskAction action) {
  pb::ApplyTaskActionParam param;
  param.set_compute_task_key(task);
  param.set_action(action);
  return {kApplyTaskAction, Serialize(param)};
}

Call ModelCall(const std::string& task) {
  pb::RegisterModelsParam param;
  pb::NewModel& model = *param.add_models();
  model.set_key(NewKey());
  model.set_compute_task_key(task);
  model.set_compute_task_output_identifier("model");
  *model.mutable_address() = File("model");
  return {kRegisterModels, Serialize(param)};
}

Call GetTaskCall(const std::string& task) {
  pb::GetTaskParam param;
  param.set_key(task);
  return {kGetTask, Serialize(param)};
}

Call SamplesCall(size_t count, std::vector<std::string>* keys) {
  pb::RegisterDataSamplesParam param;
  for (size_t i = 0; i < count; ++i) {
    pb::NewDataSample& sample = *param.add_samples();
    sample.set_key(NewKey());
    if (keys != nullptr) keys->push_back(sample.key());
    sample.set_checksum(std::string(64, 'a'));
  }
  return {kRegisterDataSamples, Serialize(param)};
}

Call SubscribeCall(const std::string& start_event_id) {
  pb::SubscribeToEventsParam param;
  param.set_start_event_id(start_event_id);
  return {"/orchestrator.EventService/SubscribeToEvents", Serialize(param)};
}

std::vector<std::string> NewestEvents(const Caller& caller, uint32_t count) {
  pb::QueryEventsParam param;
  param.set_page_size(count);
  param.set_sort(pb::DESCENDING);
  pb::QueryEventsResponse response;
  Require(caller, {kQueryEvents, Serialize(param)}, &response);
  std::vector<std::string> ids;
  for (const pb::Event& event : response.events()) ids.push_back(event.id());
  return ids;
}

std::string TextField(const grpc::ByteBuffer& message, int field_number) {
  using google::protobuf::internal::WireFormatLite;
  grpc::Slice slice;
  if (!message.DumpToSingleSlice(&slice).ok()) return "";
  google::protobuf::io::CodedInputStream input(slice.begin(), static_cast<int>(slice.size()));
  while (const uint32_t tag = input.ReadTag()) {
    if (WireFormatLite::GetTagFieldNumber(tag) == field_number) {
      std::string text;
      return WireFormatLite::ReadString(&input, &text) ? text : "";
    }
    if (!WireFormatLite::SkipField(&input, tag)) return "";
  }
  return "";
}

}  // namespace bench
