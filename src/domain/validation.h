// The field rules of every request that has some (behaviour.md 3.3 and sections 5 to 16, with decisions.md).
//
// Each function checks one message and nothing but the message. Failure: kInvalidAsset, `<KIND> is not valid: <field
// errors>`, unless said otherwise. All errors of a message are reported together, sorted by field name, except where
// the specification says "first failure only"; where it leaves the choice among several bad entries of a map open,
// the smallest entry in byte order is reported; of a list, the first 100 bad elements are. Texts quote metadata keys
// and identifiers whole, so they may be as long as the message. Text that stores cannot keep (the character U+0000)
// is refused in every field that is kept: `must not contain the character U+0000`. Pure functions, thread-safe.
#pragma once

#include "computeplan.pb.h"
#include "computetask.pb.h"
#include "datamanager.pb.h"
#include "datasample.pb.h"
#include "domain/error.h"
#include "failure_report.pb.h"
#include "function.pb.h"
#include "model.pb.h"
#include "organization.pb.h"
#include "performance.pb.h"
#include "profiling.pb.h"

namespace orc {

// `id` is the caller, which becomes the organization's id: at most 64 characters, as consumers of events demand.
Result<void> Validate(const orchestrator::RegisterOrganizationParam& request, std::string_view id);

Result<void> Validate(const orchestrator::NewFunction& request);
Result<void> Validate(const orchestrator::UpdateFunctionParam& request);
Result<void> Validate(const orchestrator::ApplyFunctionActionParam& request);  // key only, any form of behaviour.md 4.1

Result<void> Validate(const orchestrator::NewDataManager& request);
Result<void> Validate(const orchestrator::UpdateDataManagerParam& request);

Result<void> Validate(const orchestrator::NewDataSample& request);  // one element of RegisterDataSamples
Result<void> Validate(const orchestrator::UpdateDataSamplesParam& request);

Result<void> Validate(const orchestrator::NewComputePlan& request);
Result<void> Validate(const orchestrator::UpdateComputePlanParam& request);
Result<void> Validate(const orchestrator::ApplyPlanActionParam& request);  // key only, any form

// Also fails with kBadRequest `no task to register`, and with kConflict when a key occurs twice.
Result<void> Validate(const orchestrator::RegisterTasksParam& request);
Result<void> Validate(const orchestrator::ApplyTaskActionParam& request);  // key (any form) and log
Result<void> Validate(const orchestrator::DisableOutputParam& request);    // key only, any form

Result<void> Validate(const orchestrator::NewModel& request);
// Also fails with kBadRequest `no model to register`, and `All models should be part of the same task`.
Result<void> Validate(const orchestrator::RegisterModelsParam& request);

Result<void> Validate(const orchestrator::NewPerformance& request);
// Also fails with kBadRequest when the asset type is 0.
Result<void> Validate(const orchestrator::NewFailureReport& request);
Result<void> Validate(const orchestrator::ProfilingStep& request);

}  // namespace orc
