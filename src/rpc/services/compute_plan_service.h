// ComputePlanService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "computeplan.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawComputePlanService = orchestrator::ComputePlanService::WithRawCallbackMethod_RegisterPlan<
    orchestrator::ComputePlanService::WithRawCallbackMethod_GetPlan<
        orchestrator::ComputePlanService::WithRawCallbackMethod_ApplyPlanAction<
            orchestrator::ComputePlanService::WithRawCallbackMethod_QueryPlans<
                orchestrator::ComputePlanService::WithRawCallbackMethod_UpdatePlan<
                    orchestrator::ComputePlanService::WithRawCallbackMethod_IsPlanRunning<
                        orchestrator::ComputePlanService::Service>>>>>>;

class ComputePlanRpc final : public RawComputePlanService {
 public:
  explicit ComputePlanRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterPlan(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::NewComputePlan, orchestrator::ComputePlan>(context, request, response);
  }
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    return calls_.LookUp<orchestrator::GetComputePlanParam, orchestrator::ComputePlan>(context, request, response);
  }
  grpc::ServerUnaryReactor* ApplyPlanAction(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::ApplyPlanActionParam, orchestrator::ApplyPlanActionResponse>(context, request,
                                                                                                   response);
  }
  grpc::ServerUnaryReactor* QueryPlans(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::QueryPlansParam, orchestrator::QueryPlansResponse>(context, request, response);
  }
  grpc::ServerUnaryReactor* UpdatePlan(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::UpdateComputePlanParam, orchestrator::UpdateComputePlanResponse>(context, request,
                                                                                                       response);
  }
  grpc::ServerUnaryReactor* IsPlanRunning(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::IsPlanRunningParam, orchestrator::IsPlanRunningResponse>(context, request,
                                                                                              response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
