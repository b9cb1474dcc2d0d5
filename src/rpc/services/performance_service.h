// PerformanceService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "performance.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class PerformanceRpc final : public orchestrator::PerformanceService::CallbackService {
 public:
  explicit PerformanceRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterPerformance(grpc::CallbackServerContext* context,
                                                const orchestrator::NewPerformance* request,
                                                orchestrator::Performance* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryPerformances(grpc::CallbackServerContext* context,
                                              const orchestrator::QueryPerformancesParam* request,
                                              orchestrator::QueryPerformancesResponse* response) override {
    return calls_.Read(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
