// ModelService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "model.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawModelService = orchestrator::ModelService::WithRawCallbackMethod_RegisterModel<
    orchestrator::ModelService::WithRawCallbackMethod_RegisterModels<
        orchestrator::ModelService::WithRawCallbackMethod_GetModel<
            orchestrator::ModelService::WithRawCallbackMethod_GetComputeTaskOutputModels<
                orchestrator::ModelService::Service>>>>;

class ModelRpc final : public RawModelService {
 public:
  explicit ModelRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterModel(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::NewModel, orchestrator::Model>(context, request, response);
  }
  grpc::ServerUnaryReactor* RegisterModels(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::RegisterModelsParam, orchestrator::RegisterModelsResponse>(context, request,
                                                                                                 response);
  }
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return calls_.LookUp<orchestrator::GetModelParam, orchestrator::Model>(context, request, response);
  }
  grpc::ServerUnaryReactor* GetComputeTaskOutputModels(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::GetComputeTaskModelsParam, orchestrator::GetComputeTaskModelsResponse>(
        context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
