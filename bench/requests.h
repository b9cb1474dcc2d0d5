// Requests that a server accepts, and what has to be registered before them. Ends the process with a message if the
// server refuses what a measurement is built on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "computetask.pb.h"
#include "loop.h"

namespace bench {

namespace pb = ::orchestrator;

inline constexpr char kRegisterTasks[] = "/orchestrator.ComputeTaskService/RegisterTasks";
inline constexpr char kApplyTaskAction[] = "/orchestrator.ComputeTaskService/ApplyTaskAction";
inline constexpr char kGetTask[] = "/orchestrator.ComputeTaskService/GetTask";
inline constexpr char kQueryTasks[] = "/orchestrator.ComputeTaskService/QueryTasks";
inline constexpr char kRegisterModels[] = "/orchestrator.ModelService/RegisterModels";
inline constexpr char kRegisterDataSamples[] = "/orchestrator.DataSampleService/RegisterDataSamples";
inline constexpr char kQueryEvents[] = "/orchestrator.EventService/QueryEvents";

// A random UUID. Thread-safe.
std::string NewKey();

// An organization, which it registers, with a built function of one optional, multiple model input and one model
// output.
class World {
 public:
  World(const std::string& organization, Caller caller);

  const Caller& caller() const { return caller_; }
  std::string NewPlan() const;
  // A task of `plan` with the given parents.
  pb::NewComputeTask NewTask(const std::string& plan, const std::vector<std::string>& parents = {}) const;
  // A RegisterTasks of `count` new tasks without parents, whose keys are appended to `keys` if it is given.
  Call TasksCall(const std::string& plan, size_t count, std::vector<std::string>* keys = nullptr) const;
  // Registers `count` tasks without parents in large calls; their keys.
  std::vector<std::string> RegisterTasks(const std::string& plan, size_t count) const;

 private:
  const std::string organization_;
  const Caller caller_;
  const std::string function_;
};

Call PlanCall(const std::string& key);
Call ActionCall(const std::string& task, pb::ComputeTaskAction action);
Call ModelCall(const std::string& task);
Call GetTaskCall(const std::string& task);
// A RegisterDataSamples of `count` samples without data manager, whose keys are appended to `keys` if it is given.
Call SamplesCall(size_t count, std::vector<std::string>* keys = nullptr);
// Follows the events of the caller's channel from after the given one; empty: from the first.
Call SubscribeCall(const std::string& start_event_id);
// The ids of the newest `count` events of the channel, newest first.
std::vector<std::string> NewestEvents(const Caller& caller, uint32_t count);
// The text in a field of a serialized message, found without parsing the others; empty if there is none.
std::string TextField(const grpc::ByteBuffer& message, int field_number);

}  // namespace bench
