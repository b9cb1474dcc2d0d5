// ComputePlanService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "computeplan.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class ComputePlanRpc final : public orchestrator::ComputePlanService::CallbackService {
 public:
  explicit ComputePlanRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterPlan(grpc::CallbackServerContext* context,
                                         const orchestrator::NewComputePlan* request,
                                         orchestrator::ComputePlan* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context,
                                    const orchestrator::GetComputePlanParam* request,
                                    orchestrator::ComputePlan* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* ApplyPlanAction(grpc::CallbackServerContext* context,
                                            const orchestrator::ApplyPlanActionParam* request,
                                            orchestrator::ApplyPlanActionResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryPlans(grpc::CallbackServerContext* context,
                                       const orchestrator::QueryPlansParam* request,
                                       orchestrator::QueryPlansResponse* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* UpdatePlan(grpc::CallbackServerContext* context,
                                       const orchestrator::UpdateComputePlanParam* request,
                                       orchestrator::UpdateComputePlanResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* IsPlanRunning(grpc::CallbackServerContext* context,
                                          const orchestrator::IsPlanRunningParam* request,
                                          orchestrator::IsPlanRunningResponse* response) override {
    return calls_.Read(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
