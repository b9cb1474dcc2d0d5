// What several commands share. Used on the channel's writer.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/permissions.h"
#include "domain/state_machine.h"
#include "ledger/workspace.h"

namespace orc {

// AssetRow::key of the asset that a validated key field names, in any form that Check lets pass.
std::string StoreKeyOf(std::string_view validated);
Key KeyOf(std::string_view validated);

// kPermissionDenied with `text` unless `caller` owns the asset.
template <class T>
Result<void> RequireOwner(const Caller& caller, const T& asset, std::string_view text) {
  if (asset.owner() == caller.organization) return {};
  return Fail(ErrorKind::kPermissionDenied, text);
}

// kConflict when an asset of type T with this key exists; `key` is a validated key.
template <class T>
Result<void> RequireUnused(Workspace& workspace, std::string_view key) {
  ORC_ASSIGN(const Stored<T>* const found, workspace.Find<T>(StoreKeyOf(key)));
  if (found == nullptr) return {};
  return AlreadyExists(AssetType<T>::kName, key);
}

// Names the organizations that MakePermission will ask about.
void PrefetchPermission(const orchestrator::NewPermissions& wanted, Needs& needs);

// behaviour.md 6, against the organizations of the channel.
Result<orchestrator::Permission> MakePermission(Workspace& workspace, const orchestrator::NewPermissions& wanted,
                                                const std::string& owner);

// Stores a new asset, tells of it and copies it into the answer.
template <class T>
Result<void> Create(Workspace& workspace, T asset, T& response) {
  response = asset;
  const T& stored = workspace.Insert(workspace.NextPosition(), std::move(asset));
  return workspace.Emit(orchestrator::EVENT_ASSET_CREATED, stored.key(), stored);
}

// Moves a function along and its tasks with it (behaviour.md 7.4, effects). Fails with kRefused, changing nothing, when
// the transition is not allowed. Requires that the command has changed nothing yet and that the function exists.
Result<void> MoveFunction(Workspace& workspace, const Key& function, FunctionTransition transition,
                          const std::string& reason);

// Moves a task along, with what follows from it (behaviour.md 12.8, cascade, and 11.6). Otherwise as MoveFunction.
Result<void> MoveTask(Workspace& workspace, const Key& task, TaskTransition transition, const std::string& reason);

// Gives the plan of a failed task its failure date and tells so, unless the plan is terminated (11.6, decisions.md D6).
Result<void> FailPlan(Workspace& workspace, const Key& plan, const std::string& reason);

// Whether the plan was cancelled or has failed.
bool IsTerminated(const orchestrator::ComputePlan& plan);

// The checks that all registrations on an output of an executing task share (behaviour.md 13 and 14): the caller is the
// worker, the task is EXECUTING, it has the output, and the output is of this kind. `what` is "model" or "performance".
Result<void> CheckCanRegister(Workspace& workspace, const Caller& caller, const Workspace::TaskView& task,
                              const std::string& output, orchestrator::AssetKind kind, std::string_view what);

// Links an asset to the output of its task and tells so. `asset_key` is the key as clients see it.
Result<void> LinkOutput(Workspace& workspace, const std::string& task_key, const std::string& output,
                        orchestrator::AssetKind kind, std::string store_key, const std::string& asset_key);

}  // namespace orc
