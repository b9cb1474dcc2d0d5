// ComputeTaskService but for RegisterTasks (behaviour.md 12.10 and 12.13).
#include <algorithm>

#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

bool MayApply(const Caller& caller, TaskTransition transition, const Workspace::TaskView& task) {
  const bool is_worker = task.row->worker == caller.organization;
  const bool is_owner = task.message->owner() == caller.organization;
  const bool ends_badly = transition == TaskTransition::kCanceled || transition == TaskTransition::kFailed;
  return is_worker || (ends_badly && is_owner);
}

// 12.13, rows 3 to 6: the output can be disabled as far as the task itself tells.
Result<void> CheckDisableable(const Workspace::TaskView& task, const std::string& identifier) {
  if (!IsFinal(task.row->status)) {
    return Fail(ErrorKind::kCannotDisable, "cannot disable asset: task not in final state");
  }
  const auto output = task.message->outputs().find(identifier);
  if (output == task.message->outputs().end()) {
    return Fail(ErrorKind::kCannotDisable,
                "there is no output identifier " + identifier + " for task " + task.message->key());
  }
  if (!output->second.transient()) return Fail(ErrorKind::kCannotDisable, "output is not transient");
  return {};
}

// The keys of the models registered on an output (rows 6 and 7).
Result<std::vector<std::string>> ModelsOf(Workspace& workspace, const Workspace::TaskView& task,
                                          const std::string& identifier) {
  ORC_ASSIGN(const std::vector<OutputRow>* const outputs, workspace.Outputs(task.row->key));
  std::vector<std::string> models;
  for (const OutputRow& output : *outputs) {
    if (output.identifier != identifier) continue;
    if (output.kind != pb::ASSET_MODEL) {
      return Fail(ErrorKind::kCannotDisable, "cannot disable output of kind: " + KindName(output.kind));
    }
    models.push_back(output.asset_key);
  }
  if (models.empty()) {
    return Fail(ErrorKind::kCannotDisable,
                "there is no output asset with identifier " + identifier + " for task " + task.message->key());
  }
  return models;
}

// Rows 8 and 9: everybody who needs the output has had it.
Result<void> CheckChildrenFinal(Workspace& workspace, const Key& task) {
  ORC_ASSIGN(const std::vector<Key> children, workspace.Children(task));
  if (children.empty()) {
    return Fail(ErrorKind::kCannotDisable, "cannot disable output of a task with no children");
  }
  Needs needs;
  needs.task_rows = children;
  ORC_TRY(workspace.Load(needs));
  for (const Key& child : children) {
    ORC_ASSIGN(const TaskRow* const row, workspace.FindTaskRow(child));
    if (!IsFinal(row->status)) {
      return Fail(ErrorKind::kCannotDisable, "cannot disable asset: child not in final state");
    }
  }
  return {};
}

}  // namespace

void Prefetch(const pb::ApplyTaskActionParam& request, Needs& needs) {
  const Key key = KeyOf(request.compute_task_key());
  needs.tasks.push_back(key);
  if (request.action() == pb::TASK_ACTION_DONE) needs.parents.push_back(key);
}

Result<void> Execute(const Caller& caller, const pb::ApplyTaskActionParam& request, Workspace& workspace,
                     pb::ApplyTaskActionResponse&) {
  const Key key = KeyOf(request.compute_task_key());
  ORC_ASSIGN(const Workspace::TaskView task, workspace.GetTask(key, request.compute_task_key()));
  const std::optional<TaskTransition> transition = TransitionOf(request.action());
  if (!transition || !MayApply(caller, *transition, task)) {
    return Fail(ErrorKind::kPermissionDenied, "only task owner can update it");
  }
  return MoveTask(workspace, key, *transition, request.log().empty() ? "User action" : request.log());
}

void Prefetch(const pb::DisableOutputParam& request, Needs& needs) {
  const Key key = KeyOf(request.compute_task_key());
  needs.tasks.push_back(key);
  needs.outputs.push_back(key);
}

Result<void> Execute(const Caller& caller, const pb::DisableOutputParam& request, Workspace& workspace,
                     pb::DisableOutputResponse&) {
  const Key key = KeyOf(request.compute_task_key());
  ORC_ASSIGN(const Workspace::TaskView task, workspace.GetTask(key, request.compute_task_key()));
  if (task.row->worker != caller.organization) {
    return Fail(ErrorKind::kPermissionDenied, "only the worker can disable a task output");
  }
  ORC_TRY(CheckDisableable(task, request.identifier()));
  ORC_ASSIGN(const std::vector<std::string> models, ModelsOf(workspace, task, request.identifier()));
  ORC_TRY(CheckChildrenFinal(workspace, key));
  for (const std::string& model_key : models) {
    ORC_ASSIGN(const auto* const found, workspace.Get<pb::Model>(model_key, Key::FromRaw(model_key).ToString()));
    if (!found->asset.has_address()) continue;  // disabled before: repeating is no error (decisions.md D11)
    pb::Model& model = workspace.Change<pb::Model>(model_key);
    model.clear_address();
    ORC_TRY(workspace.Emit(pb::EVENT_ASSET_DISABLED, model.key(), model));
  }
  return {};
}

}  // namespace orc
