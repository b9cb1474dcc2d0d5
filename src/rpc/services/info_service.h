// InfoService of the contract (behaviour.md 16).
#pragma once

#include "info.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class InfoRpc final : public orchestrator::InfoService::CallbackService {
 public:
  InfoRpc(Calls& calls, std::string version) : calls_(calls), version_(std::move(version)) {}

  grpc::ServerUnaryReactor* QueryVersion(grpc::CallbackServerContext* context,
                                         const orchestrator::QueryVersionParam* request,
                                         orchestrator::QueryVersionResponse* response) override {
    return calls_.Reply(context, request, [&] { response->set_orchestrator(version_); });
  }

 private:
  Calls& calls_;
  const std::string version_;
};

}  // namespace orc
