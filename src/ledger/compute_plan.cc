// ComputePlanService (behaviour.md 11).
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

void Prefetch(const pb::NewComputePlan& request, Needs& needs) {
  needs.Add<pb::ComputePlan>(KeyOf(request.key()));
}

Result<void> Execute(const Caller& caller, const pb::NewComputePlan& request, Workspace& workspace,
                     pb::ComputePlan& response) {
  ORC_TRY(RequireUnused<pb::ComputePlan>(workspace, request.key()));
  ORC_TRY(workspace.RequireRegistered(caller));
  pb::ComputePlan plan;
  plan.set_key(request.key());
  plan.set_owner(caller.organization);
  plan.set_tag(request.tag());
  plan.set_name(request.name());
  *plan.mutable_metadata() = request.metadata();
  *plan.mutable_creation_date() = workspace.Now();
  return Create(workspace, std::move(plan), response);
}

void Prefetch(const pb::UpdateComputePlanParam& request, Needs& needs) {
  needs.Add<pb::ComputePlan>(KeyOf(request.key()));
}

Result<void> Execute(const Caller& caller, const pb::UpdateComputePlanParam& request, Workspace& workspace,
                     pb::UpdateComputePlanResponse&) {
  const std::string key = StoreKeyOf(request.key());
  ORC_ASSIGN(const auto* const found, workspace.Get<pb::ComputePlan>(key, request.key()));
  ORC_TRY(RequireOwner(caller, found->asset, "requester does not own the compute plan"));
  pb::ComputePlan& plan = workspace.Change<pb::ComputePlan>(key);
  plan.set_name(request.name());
  return workspace.Emit(pb::EVENT_ASSET_UPDATED, plan.key(), plan);
}

void Prefetch(const pb::ApplyPlanActionParam& request, Needs& needs) {
  needs.Add<pb::ComputePlan>(KeyOf(request.key()));
}

Result<void> Execute(const Caller& caller, const pb::ApplyPlanActionParam& request, Workspace& workspace,
                     pb::ApplyPlanActionResponse&) {
  const std::string key = StoreKeyOf(request.key());
  ORC_ASSIGN(const auto* const found, workspace.Get<pb::ComputePlan>(key, request.key()));
  ORC_TRY(RequireOwner(caller, found->asset, "only plan owner can act on it"));
  if (request.action() != pb::PLAN_ACTION_CANCELED) {
    return Fail(ErrorKind::kUnimplemented, "plan action unimplemented");
  }
  if (IsTerminated(found->asset)) {
    return Fail(ErrorKind::kPlanTerminated, "compute plan " + found->asset.key() + " is already terminated");
  }
  pb::ComputePlan& plan = workspace.Change<pb::ComputePlan>(key);
  *plan.mutable_cancelation_date() = workspace.Now();
  return workspace.Emit(pb::EVENT_ASSET_UPDATED, plan.key(), plan);
}

}  // namespace orc
