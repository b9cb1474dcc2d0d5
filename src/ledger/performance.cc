// PerformanceService (behaviour.md 14).
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

void Prefetch(const pb::NewPerformance& request, Needs& needs) {
  const Key task = KeyOf(request.compute_task_key());
  needs.tasks.push_back(task);
  needs.outputs.push_back(task);
}

Result<void> Execute(const Caller& caller, const pb::NewPerformance& request, Workspace& workspace,
                     pb::Performance& response) {
  const std::string& identifier = request.compute_task_output_identifier();
  ORC_ASSIGN(const Workspace::TaskView task,
             workspace.GetTask(KeyOf(request.compute_task_key()), request.compute_task_key()));
  ORC_TRY(CheckCanRegister(workspace, caller, task, identifier, pb::ASSET_PERFORMANCE, "performance"));
  const std::string key = PerformanceKey(task.message->key(), identifier);
  ORC_ASSIGN(const auto* const found, workspace.Find<pb::Performance>(key));
  if (found != nullptr) return AlreadyExists(AssetType<pb::Performance>::kName, key);

  pb::Performance performance;
  performance.set_compute_task_key(task.message->key());
  performance.set_performance_value(request.performance_value() == 0 ? 0 : request.performance_value());  // no -0.0
  performance.set_compute_task_output_identifier(identifier);
  *performance.mutable_creation_date() = workspace.Now();
  response = performance;
  workspace.Insert(workspace.NextPosition(), std::move(performance));
  ORC_TRY(workspace.Emit(pb::EVENT_ASSET_CREATED, key, response));
  return LinkOutput(workspace, response.compute_task_key(), identifier, pb::ASSET_PERFORMANCE, key, key);
}

}  // namespace orc
