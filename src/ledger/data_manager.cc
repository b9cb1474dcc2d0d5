// DataManagerService (behaviour.md 8).
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

void Prefetch(const pb::NewDataManager& request, Needs& needs) {
  needs.Add<pb::DataManager>(KeyOf(request.key()));
  PrefetchPermission(request.logs_permission(), needs);
  PrefetchPermission(request.new_permissions(), needs);
}

Result<void> Execute(const Caller& caller, const pb::NewDataManager& request, Workspace& workspace,
                     pb::DataManager& response) {
  ORC_TRY(RequireUnused<pb::DataManager>(workspace, request.key()));
  ORC_ASSIGN(const pb::Permission logs, MakePermission(workspace, request.logs_permission(), caller.organization));
  ORC_ASSIGN(const pb::Permission permission,
             MakePermission(workspace, request.new_permissions(), caller.organization));
  ORC_TRY(workspace.RequireRegistered(caller));
  pb::DataManager manager;
  manager.set_key(request.key());
  manager.set_name(request.name());
  manager.set_owner(caller.organization);
  *manager.mutable_permissions() = Both(permission);
  *manager.mutable_description() = request.description();
  *manager.mutable_opener() = request.opener();
  *manager.mutable_creation_date() = workspace.Now();
  *manager.mutable_logs_permission() = logs;
  *manager.mutable_metadata() = request.metadata();
  return Create(workspace, std::move(manager), response);
}

void Prefetch(const pb::UpdateDataManagerParam& request, Needs& needs) {
  needs.Add<pb::DataManager>(KeyOf(request.key()));
}

Result<void> Execute(const Caller& caller, const pb::UpdateDataManagerParam& request, Workspace& workspace,
                     pb::UpdateDataManagerResponse&) {
  const std::string key = StoreKeyOf(request.key());
  ORC_ASSIGN(const auto* const found, workspace.Get<pb::DataManager>(key, request.key()));
  ORC_TRY(RequireOwner(caller, found->asset, "requester does not own the data manager"));
  pb::DataManager& manager = workspace.Change<pb::DataManager>(key);
  manager.set_name(request.name());
  return workspace.Emit(pb::EVENT_ASSET_UPDATED, manager.key(), manager);
}

}  // namespace orc
