#include "ledger/common.h"

#include "domain/assert.h"
#include "domain/text.h"

namespace orc {

namespace pb = ::orchestrator;

Key KeyOf(std::string_view validated) {
  const std::optional<Key> key = Key::FromAnyForm(validated);
  ORC_ASSERT(key.has_value());
  return *key;
}

std::string StoreKeyOf(std::string_view validated) {
  return StoreKey(KeyOf(validated));
}

void PrefetchPermission(const pb::NewPermissions& wanted, Needs& needs) {
  if (wanted.public_()) return;
  for (const std::string& id : wanted.authorized_ids()) needs.AddOrganization(id);
}

Result<pb::Permission> MakePermission(Workspace& workspace, const pb::NewPermissions& wanted,
                                      const std::string& owner) {
  return MakePermission(wanted, owner, [&](const std::string& id) { return workspace.IsRegistered(id); });
}

bool IsTerminated(const pb::ComputePlan& plan) {
  return plan.has_cancelation_date() || plan.has_failure_date();
}

Result<void> FailPlan(Workspace& workspace, const Key& plan, const std::string& reason) {
  const std::string key = StoreKey(plan);
  ORC_ASSIGN(const auto* const found, workspace.Get<pb::ComputePlan>(key, plan.ToString()));
  if (IsTerminated(found->asset)) return {};
  pb::ComputePlan& failed = workspace.Change<pb::ComputePlan>(key);
  *failed.mutable_failure_date() = workspace.Now();
  return workspace.Emit(pb::EVENT_ASSET_UPDATED, failed.key(), failed, reason);
}

Result<void> CheckCanRegister(Workspace& workspace, const Caller& caller, const Workspace::TaskView& task,
                              const std::string& output, pb::AssetKind kind, std::string_view what) {
  if (task.row->worker != caller.organization) {
    return Fail(ErrorKind::kPermissionDenied,
                "only " + Quote(task.row->worker) + " worker can register " + std::string(what));
  }
  if (task.row->status != pb::STATUS_EXECUTING) {
    return Fail(ErrorKind::kBadRequest, "cannot register " + std::string(what) + " for task with status " +
                                            Quote(StatusName(task.row->status)));
  }
  const std::string& key = task.message->key();
  if (!task.message->outputs().contains(output)) {
    return Fail(ErrorKind::kMissingOutput, "Task " + Quote(key) + " has no output named " + Quote(output));
  }
  const std::string& function_key = task.message->function_key();
  ORC_ASSIGN(const auto* const function, workspace.Get<pb::Function>(StoreKeyOf(function_key), function_key));
  const pb::AssetKind expected = function->asset.outputs().at(output).kind();
  if (expected == kind) return {};
  return Fail(ErrorKind::kIncompatibleOutput, "Incompatible kind for task " + Quote(key) + ": output " + Quote(output) +
                                                  " expects " + Quote(KindName(expected)) + ", received " +
                                                  Quote(KindName(kind)));
}

Result<void> LinkOutput(Workspace& workspace, const std::string& task_key, const std::string& output,
                        pb::AssetKind kind, std::string store_key, const std::string& asset_key) {
  workspace.AddOutput(OutputRow{KeyOf(task_key), output, kind, std::move(store_key)});
  pb::ComputeTaskOutputAsset link;
  link.set_compute_task_key(task_key);
  link.set_compute_task_output_identifier(output);
  link.set_asset_kind(kind);
  link.set_asset_key(asset_key);
  return workspace.Emit(pb::EVENT_ASSET_CREATED, task_key, link);
}

}  // namespace orc
