// A model of a channel: who may do what, and what follows, without stores, texts, batches and bounds. The ledger is
// compared with it. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/ledger/requests.h"

namespace orc {

class ChannelModel {
 public:
  // How the command ends: nothing on success. On success the model has changed.
  using Outcome = std::optional<ErrorKind>;

  Outcome Do(const std::string& caller, const pb::RegisterOrganizationParam&);
  Outcome Do(const std::string& caller, const pb::NewFunction& request);
  Outcome Do(const std::string& caller, const pb::UpdateFunctionParam& request);
  Outcome Do(const std::string& caller, const pb::ApplyFunctionActionParam& request);
  Outcome Do(const std::string& caller, const pb::NewDataManager& request);
  Outcome Do(const std::string& caller, const pb::UpdateDataManagerParam& request);
  Outcome Do(const std::string& caller, const pb::RegisterDataSamplesParam& request);
  Outcome Do(const std::string& caller, const pb::UpdateDataSamplesParam& request);
  Outcome Do(const std::string& caller, const pb::NewComputePlan& request);
  Outcome Do(const std::string& caller, const pb::UpdateComputePlanParam& request);
  Outcome Do(const std::string& caller, const pb::ApplyPlanActionParam& request);
  // One task per request.
  Outcome Do(const std::string& caller, const pb::RegisterTasksParam& request);
  Outcome Do(const std::string& caller, const pb::ApplyTaskActionParam& request);
  Outcome Do(const std::string& caller, const pb::DisableOutputParam& request);
  Outcome Do(const std::string& caller, const pb::NewModel& request);
  Outcome Do(const std::string& caller, const pb::RegisterModelsParam& request);
  Outcome Do(const std::string& caller, const pb::NewPerformance& request);
  Outcome Do(const std::string& caller, const pb::NewFailureReport& request);
  Outcome Do(const std::string& caller, const pb::ProfilingStep& request);

  struct Function {
    std::string owner;
    std::set<std::string> users;  // organizations that may process it; empty: all
    pb::FunctionStatus status = pb::FUNCTION_STATUS_WAITING;
    bool has_image = false;
  };
  struct Plan {
    std::string owner;
    bool canceled = false;
    bool failed = false;
  };
  struct Task {
    std::string plan;
    std::string function;
    std::string owner;
    std::string worker;
    pb::ComputeTaskStatus status = pb::STATUS_UNKNOWN;
    std::set<std::string> parents;
    std::map<std::string, std::vector<std::string>> models;  // by output
    bool has_performance = false;
  };

  std::set<std::string> organizations;
  std::map<std::string, Function> functions;
  std::map<std::string, std::string> managers;           // owners
  std::map<std::string, std::set<std::string>> samples;  // data managers
  std::map<std::string, std::string> sample_owners;
  std::map<std::string, Plan> plans;
  std::map<std::string, Task> tasks;
  std::map<std::string, bool> models;  // whether enabled
  std::set<std::string> reports;

 private:
  // The organizations of a permission; empty: all. Nothing when one of them is not registered.
  std::optional<std::set<std::string>> Users(const pb::NewPermissions& wanted, const std::string& owner) const;
  bool AllDone(const std::set<std::string>& parents) const;
  void SetStatus(Task& task, pb::ComputeTaskStatus status);
  Outcome CheckManagers(const std::string& caller, const google::protobuf::RepeatedPtrField<std::string>& keys) const;
  Outcome CheckExecuting(const std::string& caller, const std::string& task, const std::string& output,
                         pb::AssetKind kind) const;
  Outcome MoveFunction(const std::string& key, pb::FunctionAction action);
};

}  // namespace orc
