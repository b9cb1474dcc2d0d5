// DatasetService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "dataset.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawDatasetService =
    orchestrator::DatasetService::WithRawCallbackMethod_GetDataset<orchestrator::DatasetService::Service>;

class DatasetRpc final : public RawDatasetService {
 public:
  explicit DatasetRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* GetDataset(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::GetDatasetParam, orchestrator::Dataset>(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
