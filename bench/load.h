// What every scenario of the load generator uses: a connection that makes calls as one organization in one channel, and
// requests that a server accepts. Speaks the wire contract only, so it measures any server that does.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "computeplan.grpc.pb.h"
#include "computetask.grpc.pb.h"
#include "event.grpc.pb.h"
#include "function.grpc.pb.h"
#include "model.grpc.pb.h"
#include "organization.grpc.pb.h"

namespace bench {

namespace pb = ::orchestrator;

// One connection. Thread-safe, as gRPC's stubs are.
class Client {
 public:
  Client(const std::string& address, std::string organization, std::string channel);

  // Puts the caller's metadata into a new context.
  std::unique_ptr<grpc::ClientContext> Context() const;

  pb::OrganizationService::Stub& organizations() { return *organizations_; }
  pb::FunctionService::Stub& functions() { return *functions_; }
  pb::ComputePlanService::Stub& plans() { return *plans_; }
  pb::ComputeTaskService::Stub& tasks() { return *tasks_; }
  pb::ModelService::Stub& models() { return *models_; }
  pb::EventService::Stub& events() { return *events_; }

 private:
  const std::string organization_;
  const std::string channel_;
  const std::shared_ptr<grpc::Channel> connection_;
  const std::unique_ptr<pb::OrganizationService::Stub> organizations_;
  const std::unique_ptr<pb::FunctionService::Stub> functions_;
  const std::unique_ptr<pb::ComputePlanService::Stub> plans_;
  const std::unique_ptr<pb::ComputeTaskService::Stub> tasks_;
  const std::unique_ptr<pb::ModelService::Stub> models_;
  const std::unique_ptr<pb::EventService::Stub> events_;
};

// A random UUID. Thread-safe.
std::string NewKey();

// A registered organization with a built function of one optional, multiple model input and one model output, and plans
// to register tasks into. Ends the process with a message if the server refuses.
class World {
 public:
  World(const std::string& address, const std::string& organization, const std::string& channel);

  Client& client() { return client_; }
  std::string NewPlan();
  // A task of `plan` with the given parents.
  pb::NewComputeTask NewTask(const std::string& plan, const std::vector<std::string>& parents = {}) const;
  // Registers `count` tasks without parents, in calls of `per_call`; their keys.
  std::vector<std::string> RegisterTasks(const std::string& plan, size_t count, size_t per_call);
  grpc::Status Apply(const std::string& task, pb::ComputeTaskAction action);
  grpc::Status RegisterModel(const std::string& task);

 private:
  const std::string organization_;
  Client client_;
  std::string function_;
};

// Calls `call(i)` for i in [0, count) from `clients` threads.
struct Outcome {
  double seconds = 0;
  size_t calls = 0;
  size_t failures = 0;
  std::vector<double> latencies_ms;  // sorted
};
Outcome Run(size_t clients, size_t count, const std::function<grpc::Status(size_t)>& call);

}  // namespace bench
