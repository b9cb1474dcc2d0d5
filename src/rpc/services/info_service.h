// InfoService of the contract (behaviour.md 16).
#pragma once

#include "info.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class InfoRpc final
    : public orchestrator::InfoService::WithRawCallbackMethod_QueryVersion<orchestrator::InfoService::Service> {
 public:
  InfoRpc(Calls& calls, std::string version) : calls_(calls), version_(std::move(version)) {}

  grpc::ServerUnaryReactor* QueryVersion(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return calls_.Reply<orchestrator::QueryVersionParam, orchestrator::QueryVersionResponse>(
        context, request, response,
        [&](orchestrator::QueryVersionResponse& answer) { answer.set_orchestrator(version_); });
  }

 private:
  Calls& calls_;
  const std::string version_;
};

}  // namespace orc
