// The queries: what every reading method of the contract answers (behaviour.md 4 to 17), but for those that look up one
// asset (rpc/look_ups.h). A method is known by the type of its request; one file per group of services. Each reads one
// snapshot. Failures: those of the specification, and those of the store. Thread-safe.
#pragma once

#include "computeplan.pb.h"
#include "computetask.pb.h"
#include "datamanager.pb.h"
#include "datasample.pb.h"
#include "dataset.pb.h"
#include "event.pb.h"
#include "failure_report.pb.h"
#include "function.pb.h"
#include "model.pb.h"
#include "organization.pb.h"
#include "performance.pb.h"
#include "store/store.h"

namespace orc {

#define ORC_QUERY(Request, Response) \
  Result<void> Answer(const orchestrator::Request& request, Snapshot& snapshot, orchestrator::Response& response)

ORC_QUERY(GetAllOrganizationsParam, GetAllOrganizationsResponse);
ORC_QUERY(QueryFunctionsParam, QueryFunctionsResponse);
ORC_QUERY(QueryDataManagersParam, QueryDataManagersResponse);
ORC_QUERY(QueryDataSamplesParam, QueryDataSamplesResponse);
ORC_QUERY(GetDatasetParam, Dataset);
ORC_QUERY(QueryPlansParam, QueryPlansResponse);
ORC_QUERY(IsPlanRunningParam, IsPlanRunningResponse);
ORC_QUERY(QueryTasksParam, QueryTasksResponse);
ORC_QUERY(GetTaskInputAssetsParam, GetTaskInputAssetsResponse);
ORC_QUERY(GetComputeTaskModelsParam, GetComputeTaskModelsResponse);
ORC_QUERY(QueryPerformancesParam, QueryPerformancesResponse);
ORC_QUERY(QueryEventsParam, QueryEventsResponse);

#undef ORC_QUERY

}  // namespace orc
