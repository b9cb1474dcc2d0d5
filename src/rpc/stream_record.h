// What is counted and logged of one stream, from its admission to its end (deployment.md 2.7, 2.8). Not thread-safe,
// but for Received and Sent.
#pragma once

#include <grpcpp/support/status.h>

#include "rpc/call_metrics.h"
#include "rpc/trace_context.h"

namespace orc {

class StreamRecord {
 public:
  StreamRecord(MethodMetrics& method, const Metadata& metadata) : method_(method), call_(method), labels_(metadata) {}

  void Received() { call_.Received(); }
  void Sent() { call_.Sent(); }
  // The end, with what the client is told. `interrupted`: nothing is wrong, one of the two sides wanted to end it; so
  // it is for CANCELLED in any case. Logs it: interruptions for information, other ends but OK as errors.
  void Finished(const grpc::Status& status, bool interrupted = false);

  const CallLabels& labels() const { return labels_; }

 private:
  MethodMetrics& method_;
  CountedCall call_;
  const CallLabels labels_;
};

}  // namespace orc
