// PerformanceService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "performance.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawPerformanceService = orchestrator::PerformanceService::WithRawCallbackMethod_RegisterPerformance<
    orchestrator::PerformanceService::WithRawCallbackMethod_QueryPerformances<
        orchestrator::PerformanceService::Service>>;

class PerformanceRpc final : public RawPerformanceService {
 public:
  explicit PerformanceRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterPerformance(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::NewPerformance, orchestrator::Performance>(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryPerformances(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::QueryPerformancesParam, orchestrator::QueryPerformancesResponse>(context, request,
                                                                                                      response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
