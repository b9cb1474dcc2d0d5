// DataManagerService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "datamanager.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class DataManagerRpc final : public orchestrator::DataManagerService::CallbackService {
 public:
  explicit DataManagerRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterDataManager(grpc::CallbackServerContext* context,
                                                const orchestrator::NewDataManager* request,
                                                orchestrator::DataManager* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* GetDataManager(grpc::CallbackServerContext* context,
                                           const orchestrator::GetDataManagerParam* request,
                                           orchestrator::DataManager* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryDataManagers(grpc::CallbackServerContext* context,
                                              const orchestrator::QueryDataManagersParam* request,
                                              orchestrator::QueryDataManagersResponse* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* UpdateDataManager(grpc::CallbackServerContext* context,
                                              const orchestrator::UpdateDataManagerParam* request,
                                              orchestrator::UpdateDataManagerResponse* response) override {
    return calls_.Write(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
