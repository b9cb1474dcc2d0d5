// DatasetService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "dataset.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class DatasetRpc final : public orchestrator::DatasetService::CallbackService {
 public:
  explicit DatasetRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* GetDataset(grpc::CallbackServerContext* context,
                                       const orchestrator::GetDatasetParam* request,
                                       orchestrator::Dataset* response) override {
    return calls_.Read(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
