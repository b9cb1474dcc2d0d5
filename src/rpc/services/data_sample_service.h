// DataSampleService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "datasample.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class DataSampleRpc final : public orchestrator::DataSampleService::CallbackService {
 public:
  explicit DataSampleRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterDataSamples(grpc::CallbackServerContext* context,
                                                const orchestrator::RegisterDataSamplesParam* request,
                                                orchestrator::RegisterDataSamplesResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* UpdateDataSamples(grpc::CallbackServerContext* context,
                                              const orchestrator::UpdateDataSamplesParam* request,
                                              orchestrator::UpdateDataSamplesResponse* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* QueryDataSamples(grpc::CallbackServerContext* context,
                                             const orchestrator::QueryDataSamplesParam* request,
                                             orchestrator::QueryDataSamplesResponse* response) override {
    return calls_.Read(context, request, response);
  }
  grpc::ServerUnaryReactor* GetDataSample(grpc::CallbackServerContext* context,
                                          const orchestrator::GetDataSampleParam* request,
                                          orchestrator::DataSample* response) override {
    return calls_.Read(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
