// ComputeTaskService/RegisterTasks (behaviour.md 12.1 to 12.9).
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/distinct.h"
#include "domain/task_graph.h"
#include "domain/task_rules.h"
#include "domain/text.h"
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

using Keys = std::unordered_set<Key, KeyHash>;

// The registration of one task: checks it and stages it. The tasks before it in the order of the sort are staged.
class Registration {
 public:
  // `sound`: the parents whose models tasks of the same request have been checked against. `task`, empty, becomes the
  // registered task.
  Registration(const Caller& caller, const pb::NewComputeTask& wanted, std::span<const Key> parents, Keys& sound,
               Workspace& workspace, pb::ComputeTask& task)
      : caller_(caller), wanted_(wanted), parents_(parents), sound_(sound), workspace_(workspace), task_(task) {
    task_.set_key(wanted.key());
  }

  // All checks of 12.4 in their order.
  Result<void> Check();
  // Stores the task and tells of it. Requires that Check passed.
  Result<void> Stage(int64_t order);

  Key plan() const { return KeyOf(wanted_.compute_plan_key()); }
  int64_t function_order() const { return function_order_; }

 private:
  Result<void> CheckPlanAndFunction();
  Result<void> LoadParents();
  Result<void> CheckParentModels();
  Result<void> MakeOutputs();
  Result<void> ChooseWorker();
  Result<void> CheckInputs();
  Result<void> CheckInput(const pb::ComputeTaskInput& input);
  Result<void> CheckDataManager(const pb::ComputeTaskInput& input);
  Result<void> CheckSamples(const pb::ComputeTaskInput& manager_input);
  Result<void> CheckModelAsset(const pb::ComputeTaskInput& input);
  Result<void> CheckParentOutput(const pb::ComputeTaskInput& input, const pb::FunctionInput& declared);
  pb::Permission LogsPermission() const;

  const Caller& caller_;
  const pb::NewComputeTask& wanted_;
  const std::span<const Key> parents_;
  Keys& sound_;
  Workspace& workspace_;
  pb::ComputeTask& task_;  // key and outputs first, the rest by Stage

  // Found by the checks.
  const pb::Function* function_ = nullptr;
  int64_t function_order_ = 0;
  std::vector<Workspace::TaskView> parent_views_;  // as parents_
  const pb::DataManager* manager_ = nullptr;       // the first among the inputs
  std::string worker_;
};

Result<void> Registration::Check() {
  ORC_TRY(CheckPlanAndFunction());
  ORC_TRY(LoadParents());
  ORC_TRY(CheckParentModels());
  ORC_TRY(MakeOutputs());
  ORC_TRY(ChooseWorker());
  ORC_ASSIGN(const bool worker_registered, workspace_.IsRegistered(worker_));
  if (!worker_registered) return NotFound(AssetType<pb::Organization>::kName, worker_);
  ORC_TRY(CheckInputs());
  return CheckOutputs(*function_, task_);
}

Result<void> Registration::CheckPlanAndFunction() {
  const std::string& plan_key = wanted_.compute_plan_key();
  ORC_ASSIGN(const auto* const plan, workspace_.Get<pb::ComputePlan>(StoreKeyOf(plan_key), plan_key));
  ORC_TRY(RequireOwner(caller_, plan->asset, "Cannot register tasks to a compute plan you don't own"));
  const std::string& function_key = wanted_.function_key();
  ORC_ASSIGN(const auto* const function, workspace_.Get<pb::Function>(StoreKeyOf(function_key), function_key));
  function_ = &function->asset;
  function_order_ = function->order;
  if (CanProcess(function_->permissions(), caller_.organization)) return {};
  return Fail(ErrorKind::kPermissionDenied, "not authorized to process function " + Quote(function_key));
}

Result<void> Registration::LoadParents() {
  for (const Key& parent : parents_) {
    ORC_ASSIGN(const Workspace::TaskView view, workspace_.GetTask(parent, parent.ToString()));
    parent_views_.push_back(view);
  }
  return {};
}

Result<void> Registration::CheckParentModels() {
  for (const Workspace::TaskView& parent : parent_views_) {
    if (parent.row->status != pb::STATUS_DONE || sound_.contains(parent.row->key)) continue;
    ORC_ASSIGN(const std::vector<OutputRow>* const outputs, workspace_.Outputs(parent.row->key));
    for (const OutputRow& output : *outputs) {
      if (output.kind != pb::ASSET_MODEL) continue;
      const std::string key = Key::FromRaw(output.asset_key).ToString();
      ORC_ASSIGN(const auto* const model, workspace_.Get<pb::Model>(output.asset_key, key));
      if (!model->asset.has_address()) {
        return Fail(ErrorKind::kInvalidAsset, "Model " + Quote(key) + " has been disabled");
      }
    }
    sound_.insert(parent.row->key);
  }
  return {};
}

Result<void> Registration::MakeOutputs() {
  for (const std::string_view identifier : SortedIdentifiers(wanted_.outputs())) {
    const pb::NewComputeTaskOutput& wanted = wanted_.outputs().at(std::string(identifier));
    ORC_ASSIGN(const pb::Permission permission, MakePermission(workspace_, wanted.permissions(), caller_.organization));
    pb::ComputeTaskOutput& output = (*task_.mutable_outputs())[std::string(identifier)];
    *output.mutable_permissions() = Both(permission);
    output.set_transient(wanted.transient());
  }
  return {};
}

// 12.5.
Result<void> Registration::ChooseWorker() {
  for (const pb::ComputeTaskInput& input : wanted_.inputs()) {
    ORC_ASSIGN(const pb::FunctionInput* const declared, DeclaredInput(*function_, input.identifier()));
    if (declared->kind() != pb::ASSET_DATA_MANAGER) continue;
    if (!input.has_asset_key()) {
      return InvalidInput(input.identifier(), "openers must be referenced using an asset key");
    }
    const std::string& key = input.asset_key();
    ORC_ASSIGN(const auto* const manager, workspace_.Get<pb::DataManager>(StoreKeyOf(key), key));
    manager_ = &manager->asset;
    worker_ = manager_->owner();
    if (wanted_.worker().empty() || wanted_.worker() == worker_) return {};
    return Fail(ErrorKind::kBadRequest, "Specified worker " + Quote(wanted_.worker()) +
                                            " does not match data manager owner: " + Quote(worker_));
  }
  if (wanted_.worker().empty()) {
    return Fail(ErrorKind::kBadRequest, "Worker cannot be inferred and must be explicitly set");
  }
  worker_ = wanted_.worker();
  return {};
}

// 12.6.
Result<void> Registration::CheckInputs() {
  std::unordered_set<std::string_view> seen;
  for (const pb::ComputeTaskInput& input : wanted_.inputs()) {
    ORC_ASSIGN(const pb::FunctionInput* const declared, DeclaredInput(*function_, input.identifier()));
    if (!seen.insert(input.identifier()).second && !declared->multiple()) {
      return Fail(ErrorKind::kInvalidAsset,
                  "duplicate task input: this identifier is present multiple times in the task inputs, but it was not "
                  "declared as \"Multiple\" in the Function: " +
                      Quote(input.identifier()));
    }
    switch (declared->kind()) {
      case pb::ASSET_DATA_MANAGER: ORC_TRY(CheckDataManager(input)); break;
      case pb::ASSET_MODEL:
        ORC_TRY(input.has_asset_key() ? CheckModelAsset(input) : CheckParentOutput(input, *declared));
        break;
      default: break;  // samples are checked with their data manager
    }
  }
  return CheckNoInputMissing(*function_, seen);
}

Result<void> Registration::CheckDataManager(const pb::ComputeTaskInput& input) {
  if (!input.has_asset_key()) {
    return InvalidInput(input.identifier(), "openers must be referenced using an asset key");
  }
  for (const pb::ComputeTaskInput& other : wanted_.inputs()) {
    ORC_TRY(DeclaredInput(*function_, other.identifier()));
  }
  for (const pb::ComputeTaskInput& other : wanted_.inputs()) {
    const bool is_sample = function_->inputs().at(other.identifier()).kind() == pb::ASSET_DATA_SAMPLE;
    if (is_sample && !other.has_asset_key()) {
      return InvalidInput(other.identifier(), "data samples must be referenced using an asset key");
    }
  }
  const std::string& key = input.asset_key();
  ORC_ASSIGN(const auto* const manager, workspace_.Get<pb::DataManager>(StoreKeyOf(key), key));
  if (!CanProcess(manager->asset.permissions(), caller_.organization)) {
    return Fail(ErrorKind::kPermissionDenied, "not authorized to process datamanager " + Quote(key));
  }
  return CheckSamples(input);
}

Result<void> Registration::CheckSamples(const pb::ComputeTaskInput& manager_input) {
  const std::string& manager = manager_input.asset_key();
  for (const pb::ComputeTaskInput& input : wanted_.inputs()) {
    if (function_->inputs().at(input.identifier()).kind() != pb::ASSET_DATA_SAMPLE) continue;
    const std::string& key = input.asset_key();
    ORC_ASSIGN(const auto* const sample, workspace_.Get<pb::DataSample>(StoreKeyOf(key), key));
    const auto& managers = sample->asset.data_manager_keys();
    if (std::find(managers.begin(), managers.end(), manager) == managers.end()) {
      return Fail(ErrorKind::kInvalidAsset, "datasamples do not share a common manager");
    }
  }
  return {};
}

Result<void> Registration::CheckModelAsset(const pb::ComputeTaskInput& input) {
  const std::string& key = input.asset_key();
  ORC_ASSIGN(const auto* const model, workspace_.Get<pb::Model>(StoreKeyOf(key), key));
  if (!CanProcess(model->asset.permissions(), worker_)) {
    return Fail(ErrorKind::kPermissionDenied, "not authorized to process model " + Quote(key));
  }
  if (!model->asset.has_address()) {
    return Fail(ErrorKind::kInvalidAsset, "Model " + Quote(key) + " has been disabled");
  }
  return {};
}

Result<void> Registration::CheckParentOutput(const pb::ComputeTaskInput& input, const pb::FunctionInput& declared) {
  const pb::ParentTaskOutputRef& reference = input.parent_task_output();
  ORC_ASSIGN(const Workspace::TaskView view,
             workspace_.GetTask(KeyOf(reference.parent_task_key()), reference.parent_task_key()));
  const pb::ComputeTask& parent = *view.message;
  ORC_ASSIGN(const auto* const function,
             workspace_.Get<pb::Function>(StoreKeyOf(parent.function_key()), parent.function_key()));
  ORC_TRY(CheckOutputFitsInput(input.identifier(), declared, reference, function->asset));
  const std::string& identifier = reference.output_identifier();
  if (CanProcess(parent.outputs().at(identifier).permissions(), worker_)) return {};
  return Fail(ErrorKind::kPermissionDenied, "invalid task input " + Quote(input.identifier()) + ": worker " +
                                                Quote(worker_) + " doesn't have permission to process output " +
                                                Quote(identifier) + " of task " + parent.key());
}

// 12.4, last table.
pb::Permission Registration::LogsPermission() const {
  if (manager_ != nullptr) return manager_->logs_permission();
  pb::Permission permission;
  permission.add_authorized_ids(caller_.organization);
  for (const Workspace::TaskView& parent : parent_views_) {
    permission = Union(parent.message->logs_permission(), permission);
  }
  return permission;
}

Result<void> Registration::Stage(int64_t order) {
  TaskRow row;
  row.order = order;
  row.key = KeyOf(wanted_.key());
  row.plan = plan();
  row.function = KeyOf(wanted_.function_key());
  row.worker = worker_;
  std::vector<pb::ComputeTaskStatus> statuses;
  for (const Workspace::TaskView& parent : parent_views_) {
    statuses.push_back(parent.row->status);
    row.rank = std::max(row.rank, parent.row->rank + 1);
    if (parent.row->status != pb::STATUS_DONE) ++row.pending_parents;
  }
  row.status = InitialStatus(EffectiveStatus(*function_), statuses);

  task_.set_owner(caller_.organization);
  task_.set_compute_plan_key(wanted_.compute_plan_key());
  task_.set_function_key(wanted_.function_key());
  task_.set_rank(row.rank);
  task_.set_worker(worker_);
  *task_.mutable_creation_date() = workspace_.Now();
  *task_.mutable_logs_permission() = LogsPermission();
  *task_.mutable_metadata() = wanted_.metadata();
  *task_.mutable_inputs() = wanted_.inputs();
  const Key key = row.key;
  const pb::ComputeTaskStatus status = row.status;
  workspace_.InsertTask(std::move(row), task_, parents_);
  task_.set_status(status);
  return workspace_.EmitTask(pb::EVENT_ASSET_CREATED, key);
}

std::vector<GraphNode> MakeNodes(const pb::RegisterTasksParam& request) {
  std::vector<GraphNode> nodes;
  nodes.reserve(static_cast<size_t>(request.tasks_size()));
  for (const pb::NewComputeTask& task : request.tasks()) {
    nodes.push_back(GraphNode{KeyOf(task.key()), ParentsOf(task.inputs())});
  }
  return nodes;
}

// What can only be named once the tasks' functions and parents are known, in bulk: assets by the kind their function
// gives them, the parents' functions, and the models of parents that are done.
Result<void> LoadInputs(const pb::RegisterTasksParam& request, std::span<const GraphNode> nodes, Workspace& workspace) {
  Needs needs;
  for (const pb::NewComputeTask& task : request.tasks()) {
    ORC_ASSIGN(const auto* const function, workspace.Find<pb::Function>(StoreKeyOf(task.function_key())));
    if (function == nullptr) continue;
    for (const pb::ComputeTaskInput& input : task.inputs()) {
      const auto declared = function->asset.inputs().find(input.identifier());
      if (!input.has_asset_key() || declared == function->asset.inputs().end()) continue;
      const Key key = KeyOf(input.asset_key());
      switch (declared->second.kind()) {
        case pb::ASSET_DATA_MANAGER: needs.Add<pb::DataManager>(key); break;
        case pb::ASSET_DATA_SAMPLE: needs.Add<pb::DataSample>(key); break;
        case pb::ASSET_MODEL: needs.Add<pb::Model>(key); break;
        default: break;
      }
    }
  }
  for (const GraphNode& node : nodes) {
    for (const Key& parent : node.parents) {
      ORC_ASSIGN(const TaskRow* const row, workspace.FindTaskRow(parent));
      if (row == nullptr) continue;  // of this request
      needs.Add<pb::Function>(row->function);
      if (row->status == pb::STATUS_DONE) needs.outputs.push_back(parent);
    }
  }
  return workspace.Load(needs);
}

Result<void> CheckKeysUnused(const pb::RegisterTasksParam& request, std::span<const GraphNode> nodes,
                             Workspace& workspace) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    ORC_ASSIGN(const TaskRow* const row, workspace.FindTaskRow(nodes[i].key));
    if (row != nullptr) {
      return AlreadyExists(AssetType<pb::ComputeTask>::kName, request.tasks(static_cast<int>(i)).key());
    }
  }
  return {};
}

Result<std::vector<size_t>> Sort(std::span<const GraphNode> nodes, Workspace& workspace) {
  Keys stored;
  for (const GraphNode& node : nodes) {
    for (const Key& parent : node.parents) {
      ORC_ASSIGN(const TaskRow* const row, workspace.FindTaskRow(parent));
      if (row != nullptr) stored.insert(parent);
    }
  }
  return SortTasks(nodes, [&](const Key& key) { return stored.contains(key); });
}

}  // namespace

void Prefetch(const pb::RegisterTasksParam& request, Needs& needs) {
  for (const pb::NewComputeTask& task : request.tasks()) {
    needs.tasks.push_back(KeyOf(task.key()));
    needs.Add<pb::ComputePlan>(KeyOf(task.compute_plan_key()));
    needs.Add<pb::Function>(KeyOf(task.function_key()));
    if (!task.worker().empty()) needs.AddOrganization(task.worker());
    for (const Key& parent : ParentsOf(task.inputs())) needs.tasks.push_back(parent);
    for (const auto& [identifier, output] : task.outputs()) PrefetchPermission(output.permissions(), needs);
  }
}

Result<void> Execute(const Caller& caller, const pb::RegisterTasksParam& request, Workspace& workspace,
                     pb::RegisterTasksResponse& response) {
  const std::vector<GraphNode> nodes = MakeNodes(request);
  ORC_TRY(CheckKeysUnused(request, nodes, workspace));
  ORC_ASSIGN(const std::vector<size_t> sorted, Sort(nodes, workspace));
  ORC_TRY(LoadInputs(request, nodes, workspace));
  std::vector<Key> keys;
  keys.reserve(sorted.size());
  for (const size_t place : sorted) keys.push_back(nodes[place].key);
  const std::vector<int64_t> orders = workspace.OrdersFor(keys, 1);
  std::vector<std::pair<Key, int64_t>> used;  // functions by plan
  Keys sound;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const pb::NewComputeTask& wanted = request.tasks(static_cast<int>(sorted[i]));
    Registration registration(caller, wanted, nodes[sorted[i]].parents, sound, workspace, *response.add_tasks());
    ORC_TRY(registration.Check());
    ORC_TRY(registration.Stage(orders[i]));
    used.emplace_back(registration.plan(), registration.function_order());
  }
  for (const auto& [plan, function_order] : Distinct<std::pair<Key, int64_t>>(used)) {
    workspace.AddPlanFunction(PlanFunction{plan, function_order});
  }
  return {};
}

}  // namespace orc
