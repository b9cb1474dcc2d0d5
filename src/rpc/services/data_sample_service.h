// DataSampleService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "datasample.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawDataSampleService = orchestrator::DataSampleService::WithRawCallbackMethod_RegisterDataSamples<
    orchestrator::DataSampleService::WithRawCallbackMethod_UpdateDataSamples<
        orchestrator::DataSampleService::WithRawCallbackMethod_QueryDataSamples<
            orchestrator::DataSampleService::WithRawCallbackMethod_GetDataSample<
                orchestrator::DataSampleService::Service>>>>;

class DataSampleRpc final : public RawDataSampleService {
 public:
  explicit DataSampleRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterDataSamples(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::RegisterDataSamplesParam, orchestrator::RegisterDataSamplesResponse>(
        context, request, response);
  }
  grpc::ServerUnaryReactor* UpdateDataSamples(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::UpdateDataSamplesParam, orchestrator::UpdateDataSamplesResponse>(context, request,
                                                                                                       response);
  }
  grpc::ServerUnaryReactor* QueryDataSamples(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::QueryDataSamplesParam, orchestrator::QueryDataSamplesResponse>(context, request,
                                                                                                    response);
  }
  grpc::ServerUnaryReactor* GetDataSample(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return calls_.LookUp<orchestrator::GetDataSampleParam, orchestrator::DataSample>(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
