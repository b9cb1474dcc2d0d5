#include "load.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

namespace bench {
namespace {

void Require(const grpc::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, status.error_message().c_str());
  std::exit(1);
}

pb::Addressable File(const std::string& name) {
  pb::Addressable file;
  file.set_checksum(std::string(64, 'a'));
  file.set_storage_address("http://bench.example.com/" + name + "/" + NewKey());
  return file;
}

}  // namespace

Client::Client(const std::string& address, std::string organization, std::string channel)
    : organization_(std::move(organization)),
      channel_(std::move(channel)),
      connection_([&] {
        grpc::ChannelArguments arguments;
        arguments.SetMaxReceiveMessageSize(-1);
        arguments.SetInt("grpc.use_local_subchannel_pool", 1);  // each Client has a connection of its own
        return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
      }()),
      organizations_(pb::OrganizationService::NewStub(connection_)),
      functions_(pb::FunctionService::NewStub(connection_)),
      plans_(pb::ComputePlanService::NewStub(connection_)),
      tasks_(pb::ComputeTaskService::NewStub(connection_)),
      models_(pb::ModelService::NewStub(connection_)),
      events_(pb::EventService::NewStub(connection_)) {}

std::unique_ptr<grpc::ClientContext> Client::Context() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata("mspid", organization_);
  context->AddMetadata("channel", channel_);
  return context;
}

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

World::World(const std::string& address, const std::string& organization, const std::string& channel)
    : organization_(organization), client_(address, organization, channel), function_(NewKey()) {
  pb::Organization registered;
  const grpc::Status status = client_.organizations().RegisterOrganization(client_.Context().get(), {}, &registered);
  if (status.error_code() != grpc::StatusCode::ALREADY_EXISTS) Require(status, "RegisterOrganization");

  pb::NewFunction wanted;
  wanted.set_key(function_);
  wanted.set_name("bench");
  *wanted.mutable_description() = File("description");
  *wanted.mutable_archive() = File("archive");
  wanted.mutable_new_permissions()->set_public_(true);
  pb::FunctionInput& input = (*wanted.mutable_inputs())["models"];
  input.set_kind(pb::ASSET_MODEL);
  input.set_multiple(true);
  input.set_optional(true);
  (*wanted.mutable_outputs())["model"].set_kind(pb::ASSET_MODEL);
  pb::Function function;
  Require(client_.functions().RegisterFunction(client_.Context().get(), wanted, &function), "RegisterFunction");
  for (const auto action : {pb::FUNCTION_ACTION_BUILDING, pb::FUNCTION_ACTION_READY}) {
    pb::ApplyFunctionActionParam param;
    param.set_function_key(function_);
    param.set_action(action);
    pb::ApplyFunctionActionResponse response;
    Require(client_.functions().ApplyFunctionAction(client_.Context().get(), param, &response), "ApplyFunctionAction");
  }
}

std::string World::NewPlan() {
  pb::NewComputePlan wanted;
  wanted.set_key(NewKey());
  wanted.set_name("bench");
  pb::ComputePlan plan;
  Require(client_.plans().RegisterPlan(client_.Context().get(), wanted, &plan), "RegisterPlan");
  return plan.key();
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

std::vector<std::string> World::RegisterTasks(const std::string& plan, size_t count, size_t per_call) {
  std::vector<std::string> keys;
  while (keys.size() < count) {
    pb::RegisterTasksParam param;
    for (size_t i = 0; i < per_call && keys.size() < count; ++i) {
      *param.add_tasks() = NewTask(plan);
      keys.push_back(param.tasks(static_cast<int>(i)).key());
    }
    pb::RegisterTasksResponse response;
    Require(client_.tasks().RegisterTasks(client_.Context().get(), param, &response), "RegisterTasks");
  }
  return keys;
}

grpc::Status World::Apply(const std::string& task, pb::ComputeTaskAction action) {
  pb::ApplyTaskActionParam param;
  param.set_compute_task_key(task);
  param.set_action(action);
  pb::ApplyTaskActionResponse response;
  return client_.tasks().ApplyTaskAction(client_.Context().get(), param, &response);
}

grpc::Status World::RegisterModel(const std::string& task) {
  pb::RegisterModelsParam param;
  pb::NewModel& model = *param.add_models();
  model.set_key(NewKey());
  model.set_compute_task_key(task);
  model.set_compute_task_output_identifier("model");
  *model.mutable_address() = File("model");
  pb::RegisterModelsResponse response;
  return client_.models().RegisterModels(client_.Context().get(), param, &response);
}

Outcome Run(size_t clients, size_t count, const std::function<grpc::Status(size_t)>& call) {
  using Clock = std::chrono::steady_clock;
  std::atomic<size_t> next{0};
  std::atomic<size_t> failures{0};
  std::mutex mutex;
  Outcome outcome;
  const auto started = Clock::now();
  std::vector<std::thread> threads;
  for (size_t c = 0; c < clients; ++c) {
    threads.emplace_back([&] {
      std::vector<double> latencies;
      for (size_t i = next++; i < count; i = next++) {
        const auto before = Clock::now();
        if (!call(i).ok()) ++failures;
        latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
      }
      const std::lock_guard lock(mutex);
      outcome.latencies_ms.insert(outcome.latencies_ms.end(), latencies.begin(), latencies.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  outcome.seconds = std::chrono::duration<double>(Clock::now() - started).count();
  outcome.calls = count;
  outcome.failures = failures;
  std::sort(outcome.latencies_ms.begin(), outcome.latencies_ms.end());
  return outcome;
}

}  // namespace bench
