// The commands: what every writing method of the contract does (behaviour.md 5 to 16, decisions.md).
//
// A method is known by the type of its request. It has up to three functions of the same names, one file per service:
//   Check     what can be told from the request alone; run on the thread that received it, before it is queued
//   Prefetch  the rows that Execute asks for, as far as the request names them
//   Execute   decides, stages changes and events, fills in the answer; on failure nothing it staged remains
// Execute trusts that Check has passed. Failures are those of the specification, in its order; a store that fails
// gives kUnavailable. Check and Prefetch are pure and thread-safe; Execute runs on the channel's writer.
#pragma once

#include <google/protobuf/empty.pb.h>

#include "domain/validation.h"
#include "ledger/workspace.h"

namespace orc {

template <class Request>
Result<void> Check(const Caller&, const Request& request) {
  return Validate(request);
}
Result<void> Check(const Caller& caller, const orchestrator::RegisterOrganizationParam& request);
Result<void> Check(const Caller& caller, const orchestrator::RegisterDataSamplesParam& request);

// NOLINTBEGIN(bugprone-macro-parentheses): types
#define ORC_COMMAND(Request, Response)                                                                   \
  void Prefetch(const orchestrator::Request& request, Needs& needs);                                     \
  Result<void> Execute(const Caller& caller, const orchestrator::Request& request, Workspace& workspace, \
                       Response& response)
// NOLINTEND(bugprone-macro-parentheses)

ORC_COMMAND(RegisterOrganizationParam, orchestrator::Organization);

ORC_COMMAND(NewFunction, orchestrator::Function);
ORC_COMMAND(UpdateFunctionParam, orchestrator::UpdateFunctionResponse);
ORC_COMMAND(ApplyFunctionActionParam, orchestrator::ApplyFunctionActionResponse);

ORC_COMMAND(NewDataManager, orchestrator::DataManager);
ORC_COMMAND(UpdateDataManagerParam, orchestrator::UpdateDataManagerResponse);

ORC_COMMAND(RegisterDataSamplesParam, orchestrator::RegisterDataSamplesResponse);
ORC_COMMAND(UpdateDataSamplesParam, orchestrator::UpdateDataSamplesResponse);

ORC_COMMAND(NewComputePlan, orchestrator::ComputePlan);
ORC_COMMAND(UpdateComputePlanParam, orchestrator::UpdateComputePlanResponse);
ORC_COMMAND(ApplyPlanActionParam, orchestrator::ApplyPlanActionResponse);

ORC_COMMAND(RegisterTasksParam, orchestrator::RegisterTasksResponse);
ORC_COMMAND(ApplyTaskActionParam, orchestrator::ApplyTaskActionResponse);
ORC_COMMAND(DisableOutputParam, orchestrator::DisableOutputResponse);

ORC_COMMAND(NewModel, orchestrator::Model);
ORC_COMMAND(RegisterModelsParam, orchestrator::RegisterModelsResponse);

ORC_COMMAND(NewPerformance, orchestrator::Performance);
ORC_COMMAND(NewFailureReport, orchestrator::FailureReport);
ORC_COMMAND(ProfilingStep, google::protobuf::Empty);

#undef ORC_COMMAND

}  // namespace orc
