// ProfilingService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "profiling.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class ProfilingRpc final : public orchestrator::ProfilingService::CallbackService {
 public:
  explicit ProfilingRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterProfilingStep(grpc::CallbackServerContext* context,
                                                  const orchestrator::ProfilingStep* request,
                                                  google::protobuf::Empty* response) override {
    return calls_.Write(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
