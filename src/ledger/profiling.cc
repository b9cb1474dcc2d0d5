// ProfilingService (behaviour.md 16, decisions.md D30).
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

void Prefetch(const pb::ProfilingStep&, Needs&) {}

Result<void> Execute(const Caller& caller, const pb::ProfilingStep& request, Workspace& workspace,
                     google::protobuf::Empty&) {
  ORC_TRY(workspace.RequireRegistered(caller));
  return workspace.Emit(request);
}

}  // namespace orc
