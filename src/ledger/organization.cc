// OrganizationService (behaviour.md 5).
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

Result<void> Check(const Caller& caller, const pb::RegisterOrganizationParam& request) {
  return Validate(request, caller.organization);
}

// The caller is not known here; Execute looks it up by itself.
void Prefetch(const pb::RegisterOrganizationParam&, Needs&) {}

Result<void> Execute(const Caller& caller, const pb::RegisterOrganizationParam& request, Workspace& workspace,
                     pb::Organization& response) {
  ORC_ASSIGN(const bool registered, workspace.IsRegistered(caller.organization));
  if (registered) return AlreadyExists(AssetType<pb::Organization>::kName, caller.organization);
  pb::Organization organization;
  organization.set_id(caller.organization);
  organization.set_address(request.address());
  *organization.mutable_creation_date() = workspace.Now();
  response = organization;
  workspace.Insert(workspace.NextPosition(), std::move(organization));
  return workspace.Emit(pb::EVENT_ASSET_CREATED, caller.organization, response);
}

}  // namespace orc
