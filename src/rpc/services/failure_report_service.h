// FailureReportService of the contract: its methods by name. What they do stands in ledger/commands.h (writes) and
// rpc/queries.h (reads); what they share in rpc/calls.h.
#pragma once

#include "failure_report.grpc.pb.h"
#include "rpc/calls.h"

namespace orc {

// The service with serialized messages in all methods.
using RawFailureReportService = orchestrator::FailureReportService::WithRawCallbackMethod_RegisterFailureReport<
    orchestrator::FailureReportService::WithRawCallbackMethod_GetFailureReport<
        orchestrator::FailureReportService::Service>>;

class FailureReportRpc final : public RawFailureReportService {
 public:
  explicit FailureReportRpc(Calls& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RegisterFailureReport(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) override {
    return calls_.Write<orchestrator::NewFailureReport, orchestrator::FailureReport>(context, request, response);
  }
  grpc::ServerUnaryReactor* GetFailureReport(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override {
    return calls_.LookUp<orchestrator::GetFailureReportParam, orchestrator::FailureReport>(context, request, response);
  }

 private:
  Calls& calls_;
};

}  // namespace orc
