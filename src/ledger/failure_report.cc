// FailureReportService (behaviour.md 15).
#include "domain/task_rules.h"
#include "domain/text.h"
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

constexpr char kReason[] = "failure report registered";

Result<void> FailTask(const Caller& caller, const pb::NewFailureReport& request, Workspace& workspace) {
  const Key key = KeyOf(request.asset_key());
  ORC_ASSIGN(const Workspace::TaskView task, workspace.GetTask(key, request.asset_key()));
  if (task.row->worker != caller.organization) {
    return Fail(ErrorKind::kPermissionDenied,
                "only " + Quote(task.row->worker) + " worker can register failure report for compute task");
  }
  if (task.row->status != pb::STATUS_EXECUTING) {
    return Fail(ErrorKind::kBadRequest,
                "cannot register failure report for task with status " + Quote(StatusName(task.row->status)));
  }
  return MoveTask(workspace, key, TaskTransition::kFailed, kReason);
}

// `reported`: there is a report of this key already. It is refused before the function begins to fail: later nothing
// but the store may refuse.
Result<void> FailFunction(const Caller& caller, const pb::NewFailureReport& request, bool reported,
                          Workspace& workspace) {
  const Key key = KeyOf(request.asset_key());
  ORC_ASSIGN(const auto* const function, workspace.Get<pb::Function>(StoreKey(key), request.asset_key()));
  ORC_TRY(RequireOwner(caller, function->asset,
                       "only " + Quote(function->asset.owner()) + " owner can register failure report for function"));
  if (reported) {
    ORC_TRY(Next(EffectiveStatus(function->asset), FunctionTransition::kFailed));
    return AlreadyExists(AssetType<pb::FailureReport>::kName, request.asset_key());
  }
  return MoveFunction(workspace, key, FunctionTransition::kFailed, kReason);
}

}  // namespace

void Prefetch(const pb::NewFailureReport& request, Needs& needs) {
  const Key key = KeyOf(request.asset_key());
  needs.Add<pb::FailureReport>(key);
  if (request.asset_type() == pb::FAILED_ASSET_COMPUTE_TASK) {
    needs.tasks.push_back(key);
  } else {
    needs.Add<pb::Function>(key);
  }
}

Result<void> Execute(const Caller& caller, const pb::NewFailureReport& request, Workspace& workspace,
                     pb::FailureReport& response) {
  ORC_ASSIGN(const auto* const found, workspace.Find<pb::FailureReport>(StoreKeyOf(request.asset_key())));
  ORC_TRY(request.asset_type() == pb::FAILED_ASSET_COMPUTE_TASK
              ? FailTask(caller, request, workspace)
              : FailFunction(caller, request, found != nullptr, workspace));
  if (found != nullptr) return AlreadyExists(AssetType<pb::FailureReport>::kName, request.asset_key());
  pb::FailureReport report;
  report.set_asset_key(request.asset_key());
  report.set_error_type(request.error_type());
  if (request.has_logs_address()) *report.mutable_logs_address() = request.logs_address();
  *report.mutable_creation_date() = workspace.Now();
  report.set_owner(caller.organization);
  report.set_asset_type(request.asset_type());
  response = report;
  workspace.Insert(workspace.NextPosition(), std::move(report));
  return workspace.Emit(pb::EVENT_ASSET_CREATED, response.asset_key(), response);
}

}  // namespace orc
