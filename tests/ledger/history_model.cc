#include "tests/ledger/history_model.h"

#include <algorithm>

namespace orc {
namespace {

bool IsOver(pb::ComputeTaskStatus status) {
  return status == pb::STATUS_DONE || status == pb::STATUS_FAILED || status == pb::STATUS_CANCELED;
}

}  // namespace

std::optional<std::set<std::string>> ChannelModel::Users(const pb::NewPermissions& wanted,
                                                         const std::string& owner) const {
  if (wanted.public_()) return std::set<std::string>{};
  std::set<std::string> users = {owner};
  for (const std::string& id : wanted.authorized_ids()) {
    if (!organizations.contains(id)) return std::nullopt;
    users.insert(id);
  }
  return users;
}

bool ChannelModel::AllDone(const std::set<std::string>& parents) const {
  return std::all_of(parents.begin(), parents.end(),
                     [&](const std::string& key) { return tasks.at(key).status == pb::STATUS_DONE; });
}

void ChannelModel::SetStatus(Task& task, pb::ComputeTaskStatus status) {
  task.status = status;
  Plan& plan = plans.at(task.plan);
  if (status == pb::STATUS_FAILED && !plan.canceled) plan.failed = true;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::RegisterOrganizationParam&) {
  if (!organizations.insert(caller).second) return ErrorKind::kConflict;
  return std::nullopt;
}

// ---- functions

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::NewFunction& request) {
  if (functions.contains(request.key())) return ErrorKind::kConflict;
  const auto users = Users(request.new_permissions(), caller);
  if (!users || !organizations.contains(caller)) return ErrorKind::kBadRequest;
  functions[request.key()] = Function{caller, *users};
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::UpdateFunctionParam& request) {
  const auto found = functions.find(request.key());
  if (found == functions.end()) return ErrorKind::kNotFound;
  Function& function = found->second;
  if (function.owner != caller) return ErrorKind::kPermissionDenied;
  const bool has_image = function.has_image || request.has_image();
  if (function.status == pb::FUNCTION_STATUS_READY && !has_image) return ErrorKind::kInvalidAsset;
  function.has_image = has_image;
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::ApplyFunctionActionParam& request) {
  if (request.action() == pb::FUNCTION_ACTION_UNKNOWN) return ErrorKind::kBadRequest;
  const auto found = functions.find(request.function_key());
  if (found == functions.end()) return ErrorKind::kNotFound;
  if (found->second.owner != caller) return ErrorKind::kPermissionDenied;
  return MoveFunction(request.function_key(), request.action());
}

ChannelModel::Outcome ChannelModel::MoveFunction(const std::string& key, pb::FunctionAction action) {
  Function& function = functions.at(key);
  const bool waiting = function.status == pb::FUNCTION_STATUS_WAITING;
  if (!waiting && function.status != pb::FUNCTION_STATUS_BUILDING) return ErrorKind::kRefused;
  if (waiting ? action != pb::FUNCTION_ACTION_BUILDING && action != pb::FUNCTION_ACTION_CANCELED
              : action == pb::FUNCTION_ACTION_BUILDING) {
    return ErrorKind::kRefused;
  }
  for (auto& [task_key, task] : tasks) {
    const auto selected = waiting ? pb::STATUS_WAITING_FOR_BUILDER_SLOT : pb::STATUS_BUILDING;
    if (task.function != key || task.status != selected) continue;
    if (action == pb::FUNCTION_ACTION_BUILDING) SetStatus(task, pb::STATUS_BUILDING);
    if (action == pb::FUNCTION_ACTION_CANCELED) SetStatus(task, pb::STATUS_CANCELED);
    if (action == pb::FUNCTION_ACTION_FAILED) SetStatus(task, pb::STATUS_FAILED);
    if (action == pb::FUNCTION_ACTION_READY) {
      SetStatus(task,
                AllDone(task.parents) ? pb::STATUS_WAITING_FOR_EXECUTOR_SLOT : pb::STATUS_WAITING_FOR_PARENT_TASKS);
    }
  }
  if (action == pb::FUNCTION_ACTION_BUILDING) function.status = pb::FUNCTION_STATUS_BUILDING;
  if (action == pb::FUNCTION_ACTION_CANCELED) function.status = pb::FUNCTION_STATUS_CANCELED;
  if (action == pb::FUNCTION_ACTION_FAILED) function.status = pb::FUNCTION_STATUS_FAILED;
  if (action == pb::FUNCTION_ACTION_READY) function.status = pb::FUNCTION_STATUS_READY;
  return std::nullopt;
}

// ---- data

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::NewDataManager& request) {
  if (managers.contains(request.key())) return ErrorKind::kConflict;
  if (!organizations.contains(caller)) return ErrorKind::kBadRequest;
  managers[request.key()] = caller;
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::UpdateDataManagerParam& request) {
  const auto found = managers.find(request.key());
  if (found == managers.end()) return ErrorKind::kNotFound;
  if (found->second != caller) return ErrorKind::kPermissionDenied;
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::CheckManagers(const std::string& caller,
                                                  const google::protobuf::RepeatedPtrField<std::string>& keys) const {
  for (const std::string& key : keys) {
    const auto found = managers.find(key);
    if (found == managers.end()) return ErrorKind::kNotFound;
    if (found->second != caller) return ErrorKind::kPermissionDenied;
  }
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::RegisterDataSamplesParam& request) {
  std::set<std::string> keys;
  bool repeated = false;
  for (const pb::NewDataSample& sample : request.samples()) {
    if (const Outcome refused = CheckManagers(caller, sample.data_manager_keys())) return refused;
    if (samples.contains(sample.key())) return ErrorKind::kConflict;
    repeated = !keys.insert(sample.key()).second || repeated;
  }
  if (!organizations.contains(caller)) return ErrorKind::kBadRequest;
  if (repeated) return ErrorKind::kConflict;
  for (const pb::NewDataSample& sample : request.samples()) {
    samples[sample.key()].insert(sample.data_manager_keys().begin(), sample.data_manager_keys().end());
    sample_owners[sample.key()] = caller;
  }
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::UpdateDataSamplesParam& request) {
  if (const Outcome refused = CheckManagers(caller, request.data_manager_keys())) return refused;
  for (const std::string& key : request.keys()) {
    if (!samples.contains(key)) return ErrorKind::kNotFound;
    if (sample_owners.at(key) != caller) return ErrorKind::kPermissionDenied;
  }
  for (const std::string& key : request.keys()) {
    samples[key].insert(request.data_manager_keys().begin(), request.data_manager_keys().end());
  }
  return std::nullopt;
}

// ---- plans

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::NewComputePlan& request) {
  if (plans.contains(request.key())) return ErrorKind::kConflict;
  if (!organizations.contains(caller)) return ErrorKind::kBadRequest;
  plans[request.key()].owner = caller;
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::UpdateComputePlanParam& request) {
  const auto found = plans.find(request.key());
  if (found == plans.end()) return ErrorKind::kNotFound;
  if (found->second.owner != caller) return ErrorKind::kPermissionDenied;
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::ApplyPlanActionParam& request) {
  const auto found = plans.find(request.key());
  if (found == plans.end()) return ErrorKind::kNotFound;
  Plan& plan = found->second;
  if (plan.owner != caller) return ErrorKind::kPermissionDenied;
  if (request.action() != pb::PLAN_ACTION_CANCELED) return ErrorKind::kUnimplemented;
  if (plan.canceled || plan.failed) return ErrorKind::kPlanTerminated;
  plan.canceled = true;
  return std::nullopt;
}

// ---- tasks

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::RegisterTasksParam& request) {
  const pb::NewComputeTask& wanted = request.tasks(0);
  if (tasks.contains(wanted.key())) return ErrorKind::kConflict;
  std::set<std::string> parents;
  for (const pb::ComputeTaskInput& input : wanted.inputs()) {
    const std::string& parent = input.parent_task_output().parent_task_key();
    if (!tasks.contains(parent)) return ErrorKind::kInvalidAsset;  // the sort
    parents.insert(parent);
  }
  if (!plans.contains(wanted.compute_plan_key())) return ErrorKind::kNotFound;
  if (plans.at(wanted.compute_plan_key()).owner != caller) return ErrorKind::kPermissionDenied;
  if (!functions.contains(wanted.function_key())) return ErrorKind::kNotFound;
  const Function& function = functions.at(wanted.function_key());
  if (!function.users.empty() && !function.users.contains(caller)) return ErrorKind::kPermissionDenied;
  for (const std::string& parent : parents) {
    if (tasks.at(parent).status != pb::STATUS_DONE) continue;
    for (const auto& [output, keys] : tasks.at(parent).models) {
      for (const std::string& key : keys) {
        if (!models.at(key)) return ErrorKind::kInvalidAsset;
      }
    }
  }
  if (!organizations.contains(wanted.worker())) return ErrorKind::kNotFound;

  Task task{wanted.compute_plan_key(),
            wanted.function_key(),
            caller,
            wanted.worker(),
            pb::STATUS_UNKNOWN,
            parents,
            {},
            false};
  const bool lost = std::any_of(parents.begin(), parents.end(), [&](const std::string& key) {
    return tasks.at(key).status == pb::STATUS_FAILED || tasks.at(key).status == pb::STATUS_CANCELED;
  });
  switch (function.status) {
    case pb::FUNCTION_STATUS_WAITING: task.status = pb::STATUS_WAITING_FOR_BUILDER_SLOT; break;
    case pb::FUNCTION_STATUS_BUILDING: task.status = pb::STATUS_BUILDING; break;
    case pb::FUNCTION_STATUS_FAILED: task.status = pb::STATUS_FAILED; break;
    case pb::FUNCTION_STATUS_CANCELED: task.status = pb::STATUS_CANCELED; break;
    default:
      task.status = AllDone(parents) ? pb::STATUS_WAITING_FOR_EXECUTOR_SLOT : pb::STATUS_WAITING_FOR_PARENT_TASKS;
  }
  if (lost) task.status = pb::STATUS_CANCELED;
  tasks[wanted.key()] = std::move(task);
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::ApplyTaskActionParam& request) {
  const auto found = tasks.find(request.compute_task_key());
  if (found == tasks.end()) return ErrorKind::kNotFound;
  Task& task = found->second;
  const bool ends_badly = request.action() == pb::TASK_ACTION_CANCELED || request.action() == pb::TASK_ACTION_FAILED;
  const bool works = request.action() == pb::TASK_ACTION_EXECUTING || request.action() == pb::TASK_ACTION_DONE;
  if (!(ends_badly && (task.owner == caller || task.worker == caller)) && !(works && task.worker == caller)) {
    return ErrorKind::kPermissionDenied;
  }
  if (request.action() == pb::TASK_ACTION_EXECUTING) {
    if (task.status != pb::STATUS_WAITING_FOR_EXECUTOR_SLOT) return ErrorKind::kRefused;
    SetStatus(task, pb::STATUS_EXECUTING);
  } else if (request.action() == pb::TASK_ACTION_DONE) {
    if (task.status != pb::STATUS_EXECUTING) return ErrorKind::kRefused;
    SetStatus(task, pb::STATUS_DONE);
    for (auto& [key, child] : tasks) {
      if (child.status == pb::STATUS_WAITING_FOR_PARENT_TASKS && AllDone(child.parents)) {
        SetStatus(child, pb::STATUS_WAITING_FOR_EXECUTOR_SLOT);
      }
    }
  } else {
    if (IsOver(task.status)) return ErrorKind::kRefused;
    SetStatus(task, request.action() == pb::TASK_ACTION_FAILED ? pb::STATUS_FAILED : pb::STATUS_CANCELED);
  }
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::DisableOutputParam& request) {
  const auto found = tasks.find(request.compute_task_key());
  if (found == tasks.end()) return ErrorKind::kNotFound;
  const Task& task = found->second;
  if (task.worker != caller) return ErrorKind::kPermissionDenied;
  const auto output = task.models.find(request.identifier());
  bool has_children = false;
  bool children_are_over = true;
  for (const auto& [key, child] : tasks) {
    if (!child.parents.contains(request.compute_task_key())) continue;
    has_children = true;
    children_are_over = children_are_over && IsOver(child.status);
  }
  // Performances are never transient.
  if (!IsOver(task.status) || output == task.models.end() || !has_children || !children_are_over) {
    return ErrorKind::kCannotDisable;
  }
  for (const std::string& key : output->second) models.at(key) = false;
  return std::nullopt;
}

// ---- what tasks bring about

ChannelModel::Outcome ChannelModel::CheckExecuting(const std::string& caller, const std::string& key,
                                                   const std::string& output, pb::AssetKind kind) const {
  const auto found = tasks.find(key);
  if (found == tasks.end()) return ErrorKind::kNotFound;
  if (found->second.worker != caller) return ErrorKind::kPermissionDenied;
  if (found->second.status != pb::STATUS_EXECUTING) return ErrorKind::kBadRequest;
  const bool of_models = output == "model" || output == "models";
  if (!of_models && output != "perf") return ErrorKind::kMissingOutput;
  if (of_models != (kind == pb::ASSET_MODEL)) return ErrorKind::kIncompatibleOutput;
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::NewModel& request) {
  const std::string& output = request.compute_task_output_identifier();
  if (const Outcome refused = CheckExecuting(caller, request.compute_task_key(), output, pb::ASSET_MODEL)) {
    return refused;
  }
  Task& task = tasks.at(request.compute_task_key());
  if (output == "model" && task.models.contains(output)) return ErrorKind::kConflict;
  if (!models.try_emplace(request.key(), true).second) return ErrorKind::kConflict;
  task.models[output].push_back(request.key());
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::RegisterModelsParam& request) {
  for (const pb::NewModel& model : request.models()) {
    if (model.compute_task_key() != request.models(0).compute_task_key()) return ErrorKind::kBadRequest;
  }
  ChannelModel changed = *this;
  for (const pb::NewModel& model : request.models()) {
    if (const Outcome refused = changed.Do(caller, model)) return refused;
  }
  *this = std::move(changed);
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::NewPerformance& request) {
  if (const Outcome refused = CheckExecuting(caller, request.compute_task_key(),
                                             request.compute_task_output_identifier(), pb::ASSET_PERFORMANCE)) {
    return refused;
  }
  Task& task = tasks.at(request.compute_task_key());
  if (task.has_performance) return ErrorKind::kConflict;
  task.has_performance = true;
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::NewFailureReport& request) {
  const std::string& key = request.asset_key();
  if (request.asset_type() == pb::FAILED_ASSET_COMPUTE_TASK) {
    const auto found = tasks.find(key);
    if (found == tasks.end()) return ErrorKind::kNotFound;
    if (found->second.worker != caller) return ErrorKind::kPermissionDenied;
    if (found->second.status != pb::STATUS_EXECUTING) return ErrorKind::kBadRequest;
    if (reports.contains(key)) return ErrorKind::kConflict;
    SetStatus(found->second, pb::STATUS_FAILED);
  } else {
    const auto found = functions.find(key);
    if (found == functions.end()) return ErrorKind::kNotFound;
    if (found->second.owner != caller) return ErrorKind::kPermissionDenied;
    if (found->second.status != pb::FUNCTION_STATUS_BUILDING) return ErrorKind::kRefused;
    if (reports.contains(key)) return ErrorKind::kConflict;
    MoveFunction(key, pb::FUNCTION_ACTION_FAILED);
  }
  reports.insert(key);
  return std::nullopt;
}

ChannelModel::Outcome ChannelModel::Do(const std::string& caller, const pb::ProfilingStep&) {
  if (!organizations.contains(caller)) return ErrorKind::kBadRequest;
  return std::nullopt;
}

}  // namespace orc
