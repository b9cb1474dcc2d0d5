// FunctionService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "function.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class FunctionRpc final : public orchestrator::FunctionService::CallbackService {
 public:
  explicit FunctionRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterFunction(grpc::CallbackServerContext* context,
                                             const orchestrator::NewFunction* request,
                                             orchestrator::Function* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* GetFunction(grpc::CallbackServerContext* context,
                                        const orchestrator::GetFunctionParam* request,
                                        orchestrator::Function* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryFunctions(grpc::CallbackServerContext* context,
                                           const orchestrator::QueryFunctionsParam* request,
                                           orchestrator::QueryFunctionsResponse* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* UpdateFunction(grpc::CallbackServerContext* context,
                                           const orchestrator::UpdateFunctionParam* request,
                                           orchestrator::UpdateFunctionResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* ApplyFunctionAction(grpc::CallbackServerContext* context,
                                                const orchestrator::ApplyFunctionActionParam* request,
                                                orchestrator::ApplyFunctionActionResponse* response) override {
    return calls_.Write(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
