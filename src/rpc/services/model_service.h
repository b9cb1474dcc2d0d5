// ModelService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "model.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class ModelRpc final : public orchestrator::ModelService::CallbackService {
 public:
  explicit ModelRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterModel(grpc::CallbackServerContext* context, const orchestrator::NewModel* request,
                                          orchestrator::Model* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* RegisterModels(grpc::CallbackServerContext* context,
                                           const orchestrator::RegisterModelsParam* request,
                                           orchestrator::RegisterModelsResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context, const orchestrator::GetModelParam* request,
                                     orchestrator::Model* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* GetComputeTaskOutputModels(grpc::CallbackServerContext* context,
                                                       const orchestrator::GetComputeTaskModelsParam* request,
                                                       orchestrator::GetComputeTaskModelsResponse* response) override {
    return calls_.Read(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
