// DataManagerService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "datamanager.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawDataManagerService = orchestrator::DataManagerService::WithRawCallbackMethod_RegisterDataManager<
    orchestrator::DataManagerService::WithRawCallbackMethod_GetDataManager<
        orchestrator::DataManagerService::WithRawCallbackMethod_QueryDataManagers<
            orchestrator::DataManagerService::WithRawCallbackMethod_UpdateDataManager<
                orchestrator::DataManagerService::Service>>>>;

class DataManagerRpc final : public RawDataManagerService {
 public:
  explicit DataManagerRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterDataManager(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::NewDataManager, orchestrator::DataManager>(context, request, response);
  }
  grpc::ServerUnaryReactor* GetDataManager(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override {
    return calls_.LookUp<orchestrator::GetDataManagerParam, orchestrator::DataManager>(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryDataManagers(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::QueryDataManagersParam, orchestrator::QueryDataManagersResponse>(context, request,
                                                                                                      response);
  }
  grpc::ServerUnaryReactor* UpdateDataManager(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::UpdateDataManagerParam, orchestrator::UpdateDataManagerResponse>(context, request,
                                                                                                       response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
