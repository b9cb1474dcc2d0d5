// FailureReportService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "failure_report.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

class FailureReportRpc final : public orchestrator::FailureReportService::CallbackService {
 public:
  explicit FailureReportRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterFailureReport(grpc::CallbackServerContext* context,
                                                  const orchestrator::NewFailureReport* request,
                                                  orchestrator::FailureReport* response) override {
    return calls_.Write(context, request, response);
  }
  grpc::ServerUnaryReactor* GetFailureReport(grpc::CallbackServerContext* context,
                                             const orchestrator::GetFailureReportParam* request,
                                             orchestrator::FailureReport* response) override {
    return calls_.Read(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
