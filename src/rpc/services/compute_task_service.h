// ComputeTaskService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "computetask.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class ComputeTaskRpc final : public orchestrator::ComputeTaskService::CallbackService {
 public:
  explicit ComputeTaskRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterTasks(grpc::CallbackServerContext* context,
                                          const orchestrator::RegisterTasksParam* request,
                                          orchestrator::RegisterTasksResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryTasks(grpc::CallbackServerContext* context,
                                       const orchestrator::QueryTasksParam* request,
                                       orchestrator::QueryTasksResponse* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* GetTask(grpc::CallbackServerContext* context, const orchestrator::GetTaskParam* request,
                                    orchestrator::ComputeTask* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* ApplyTaskAction(grpc::CallbackServerContext* context,
                                            const orchestrator::ApplyTaskActionParam* request,
                                            orchestrator::ApplyTaskActionResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* GetTaskInputAssets(grpc::CallbackServerContext* context,
                                               const orchestrator::GetTaskInputAssetsParam* request,
                                               orchestrator::GetTaskInputAssetsResponse* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* DisableOutput(grpc::CallbackServerContext* context,
                                          const orchestrator::DisableOutputParam* request,
                                          orchestrator::DisableOutputResponse* response) override {
    return calls_.Write(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
