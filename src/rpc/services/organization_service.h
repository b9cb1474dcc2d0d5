// OrganizationService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "organization.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class OrganizationRpc final : public orchestrator::OrganizationService::CallbackService {
 public:
  explicit OrganizationRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterOrganization(grpc::CallbackServerContext* context,
                                                 const orchestrator::RegisterOrganizationParam* request,
                                                 orchestrator::Organization* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* GetAllOrganizations(grpc::CallbackServerContext* context,
                                                const orchestrator::GetAllOrganizationsParam* request,
                                                orchestrator::GetAllOrganizationsResponse* response) override {
    return calls_.Read(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
