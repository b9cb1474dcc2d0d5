// ComputeTaskService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "computetask.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawComputeTaskService = orchestrator::ComputeTaskService::WithRawCallbackMethod_RegisterTasks<
    orchestrator::ComputeTaskService::WithRawCallbackMethod_QueryTasks<
        orchestrator::ComputeTaskService::WithRawCallbackMethod_GetTask<
            orchestrator::ComputeTaskService::WithRawCallbackMethod_ApplyTaskAction<
                orchestrator::ComputeTaskService::WithRawCallbackMethod_GetTaskInputAssets<
                    orchestrator::ComputeTaskService::WithRawCallbackMethod_DisableOutput<
                        orchestrator::ComputeTaskService::Service>>>>>>;

class ComputeTaskRpc final : public RawComputeTaskService {
 public:
  explicit ComputeTaskRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterTasks(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::RegisterTasksParam, orchestrator::RegisterTasksResponse>(context, request,
                                                                                               response);
  }
  grpc::ServerUnaryReactor* QueryTasks(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::QueryTasksParam, orchestrator::QueryTasksResponse>(context, request, response);
  }
  grpc::ServerUnaryReactor* GetTask(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    return calls_.LookUp<orchestrator::GetTaskParam, orchestrator::ComputeTask>(context, request, response);
  }
  grpc::ServerUnaryReactor* ApplyTaskAction(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::ApplyTaskActionParam, orchestrator::ApplyTaskActionResponse>(context, request,
                                                                                                   response);
  }
  grpc::ServerUnaryReactor* GetTaskInputAssets(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::GetTaskInputAssetsParam, orchestrator::GetTaskInputAssetsResponse>(
        context, request, response);
  }
  grpc::ServerUnaryReactor* DisableOutput(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::DisableOutputParam, orchestrator::DisableOutputResponse>(context, request,
                                                                                               response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
