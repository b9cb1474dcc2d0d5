// ModelService (behaviour.md 13).
#include <algorithm>

#include "domain/text.h"
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

void PrefetchModel(const pb::NewModel& request, Needs& needs) {
  const Key task = KeyOf(request.compute_task_key());
  needs.tasks.push_back(task);
  needs.outputs.push_back(task);
  needs.Add<pb::Model>(KeyOf(request.key()));
}

// Rows 5 to 10 of the table.
Result<void> CheckModel(const Caller& caller, const pb::NewModel& request, const Workspace::TaskView& task,
                        Workspace& workspace) {
  const std::string& identifier = request.compute_task_output_identifier();
  ORC_TRY(CheckCanRegister(workspace, caller, task, identifier, pb::ASSET_MODEL, "model"));
  const std::string& function_key = task.message->function_key();
  ORC_ASSIGN(const auto* const function, workspace.Get<pb::Function>(StoreKeyOf(function_key), function_key));
  if (!function->asset.outputs().at(identifier).multiple()) {
    ORC_ASSIGN(const std::vector<OutputRow>* const outputs, workspace.Outputs(task.row->key));
    const auto same = [&](const OutputRow& output) { return output.identifier == identifier; };
    if (std::any_of(outputs->begin(), outputs->end(), same)) {
      return Fail(ErrorKind::kConflict, "compute task " + Quote(task.message->key()) +
                                            " already has its unique output " + Quote(identifier) + " registered");
    }
  }
  return RequireUnused<pb::Model>(workspace, request.key());
}

Result<void> RegisterOne(const Caller& caller, const pb::NewModel& request, int64_t order, Workspace& workspace,
                         pb::Model& response) {
  ORC_ASSIGN(const Workspace::TaskView task,
             workspace.GetTask(KeyOf(request.compute_task_key()), request.compute_task_key()));
  ORC_TRY(CheckModel(caller, request, task, workspace));
  const std::string& identifier = request.compute_task_output_identifier();
  pb::Model model;
  model.set_key(request.key());
  model.set_compute_task_key(task.message->key());
  *model.mutable_address() = request.address();
  *model.mutable_permissions() = task.message->outputs().at(identifier).permissions();
  model.set_owner(caller.organization);
  *model.mutable_creation_date() = workspace.Now();
  response = model;
  workspace.Insert(order, std::move(model));
  ORC_TRY(workspace.Emit(pb::EVENT_ASSET_CREATED, response.key(), response));
  return LinkOutput(workspace, response.compute_task_key(), identifier, pb::ASSET_MODEL, StoreKey(response),
                    response.key());
}

}  // namespace

void Prefetch(const pb::NewModel& request, Needs& needs) {
  PrefetchModel(request, needs);
}

Result<void> Execute(const Caller& caller, const pb::NewModel& request, Workspace& workspace, pb::Model& response) {
  return RegisterOne(caller, request, workspace.NextPosition(), workspace, response);
}

void Prefetch(const pb::RegisterModelsParam& request, Needs& needs) {
  for (const pb::NewModel& model : request.models()) PrefetchModel(model, needs);
}

Result<void> Execute(const Caller& caller, const pb::RegisterModelsParam& request, Workspace& workspace,
                     pb::RegisterModelsResponse& response) {
  std::vector<Key> keys;
  for (const pb::NewModel& model : request.models()) keys.push_back(KeyOf(model.key()));
  const std::vector<int64_t> orders = workspace.OrdersFor(keys, 2);  // two events per model
  for (int i = 0; i < request.models_size(); ++i) {
    ORC_TRY(RegisterOne(caller, request.models(i), orders[i], workspace, *response.add_models()));
  }
  return {};
}

}  // namespace orc
