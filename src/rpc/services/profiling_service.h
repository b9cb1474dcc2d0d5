// ProfilingService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "profiling.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawProfilingService = orchestrator::ProfilingService::WithRawCallbackMethod_RegisterProfilingStep<
    orchestrator::ProfilingService::Service>;

class ProfilingRpc final : public RawProfilingService {
 public:
  explicit ProfilingRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterProfilingStep(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::ProfilingStep, google::protobuf::Empty>(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
