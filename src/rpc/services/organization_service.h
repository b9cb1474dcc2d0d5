// OrganizationService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "organization.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawOrganizationService = orchestrator::OrganizationService::WithRawCallbackMethod_RegisterOrganization<
    orchestrator::OrganizationService::WithRawCallbackMethod_GetAllOrganizations<
        orchestrator::OrganizationService::Service>>;

class OrganizationRpc final : public RawOrganizationService {
 public:
  explicit OrganizationRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterOrganization(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::RegisterOrganizationParam, orchestrator::Organization>(context, request,
                                                                                             response);
  }
  grpc::ServerUnaryReactor* GetAllOrganizations(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::GetAllOrganizationsParam, orchestrator::GetAllOrganizationsResponse>(
        context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
