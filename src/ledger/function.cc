// FunctionService (behaviour.md 7).
#include "domain/task_rules.h"
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

void Prefetch(const pb::NewFunction& request, Needs& needs) {
  needs.Add<pb::Function>(KeyOf(request.key()));
  PrefetchPermission(request.new_permissions(), needs);
}

Result<void> Execute(const Caller& caller, const pb::NewFunction& request, Workspace& workspace,
                     pb::Function& response) {
  ORC_TRY(RequireUnused<pb::Function>(workspace, request.key()));
  ORC_ASSIGN(const pb::Permission permission,
             MakePermission(workspace, request.new_permissions(), caller.organization));
  ORC_TRY(workspace.RequireRegistered(caller));
  pb::Function function;
  function.set_key(request.key());
  function.set_name(request.name());
  *function.mutable_description() = request.description();
  *function.mutable_archive() = request.archive();
  *function.mutable_permissions() = Both(permission);
  function.set_owner(caller.organization);
  *function.mutable_creation_date() = workspace.Now();
  *function.mutable_metadata() = request.metadata();
  *function.mutable_inputs() = request.inputs();
  *function.mutable_outputs() = request.outputs();
  function.set_status(pb::FUNCTION_STATUS_WAITING);
  function.mutable_image();  // consumers need it present, even without content
  return Create(workspace, std::move(function), response);
}

void Prefetch(const pb::UpdateFunctionParam& request, Needs& needs) {
  needs.Add<pb::Function>(KeyOf(request.key()));
}

Result<void> Execute(const Caller& caller, const pb::UpdateFunctionParam& request, Workspace& workspace,
                     pb::UpdateFunctionResponse&) {
  const std::string key = StoreKeyOf(request.key());
  ORC_ASSIGN(const auto* const found, workspace.Get<pb::Function>(key, request.key()));
  ORC_TRY(RequireOwner(caller, found->asset, "requester does not own the function"));
  pb::Function& function = workspace.Change<pb::Function>(key);
  function.set_name(request.name());
  if (!request.image().checksum().empty()) *function.mutable_image() = request.image();
  if (function.status() == pb::FUNCTION_STATUS_READY && function.image().checksum().empty()) {
    return Fail(ErrorKind::kInvalidAsset,
                "function is not valid: Image checksum should not be empty when function status is ready");
  }
  return workspace.Emit(pb::EVENT_ASSET_UPDATED, function.key(), function);
}

void Prefetch(const pb::ApplyFunctionActionParam& request, Needs& needs) {
  needs.Add<pb::Function>(KeyOf(request.function_key()));
}

Result<void> Execute(const Caller& caller, const pb::ApplyFunctionActionParam& request, Workspace& workspace,
                     pb::ApplyFunctionActionResponse&) {
  const std::optional<FunctionTransition> transition = TransitionOf(request.action());
  if (!transition) return Fail(ErrorKind::kBadRequest, "unsupported action");
  const Key key = KeyOf(request.function_key());
  ORC_ASSIGN(const auto* const found, workspace.Get<pb::Function>(StoreKey(key), request.function_key()));
  ORC_TRY(RequireOwner(caller, found->asset, "only function owner can update it"));
  return MoveFunction(workspace, key, *transition, "User action");
}

}  // namespace orc
