// FunctionService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "function.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawFunctionService = orchestrator::FunctionService::WithRawCallbackMethod_RegisterFunction<
    orchestrator::FunctionService::WithRawCallbackMethod_GetFunction<
        orchestrator::FunctionService::WithRawCallbackMethod_QueryFunctions<
            orchestrator::FunctionService::WithRawCallbackMethod_UpdateFunction<
                orchestrator::FunctionService::WithRawCallbackMethod_ApplyFunctionAction<
                    orchestrator::FunctionService::Service>>>>>;

class FunctionRpc final : public RawFunctionService {
 public:
  explicit FunctionRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterFunction(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::NewFunction, orchestrator::Function>(context, request, response);
  }
  grpc::ServerUnaryReactor* GetFunction(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override {
    return calls_.LookUp<orchestrator::GetFunctionParam, orchestrator::Function>(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryFunctions(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::QueryFunctionsParam, orchestrator::QueryFunctionsResponse>(context, request,
                                                                                                response);
  }
  grpc::ServerUnaryReactor* UpdateFunction(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::UpdateFunctionParam, orchestrator::UpdateFunctionResponse>(context, request,
                                                                                                 response);
  }
  grpc::ServerUnaryReactor* ApplyFunctionAction(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::ApplyFunctionActionParam, orchestrator::ApplyFunctionActionResponse>(
        context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
