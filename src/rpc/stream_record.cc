#include "rpc/stream_record.h"

#include "rpc/status.h"

namespace orc {

void StreamRecord::Finished(const grpc::Status& status, bool interrupted) {
  call_.Finished(status.error_code());
  if (status.ok()) return;
  if (interrupted || status.error_code() == grpc::StatusCode::CANCELLED) {
    Log(LogLevel::kInfo, "interrupted: " + status.error_message(), labels_.Fields({{"method", method_.path}}));
    return;
  }
  Log(LogLevel::kError, "stream response failed",
      labels_.Fields({{"method", method_.path},
                      {"error", status.error_message()},
                      {"grpcCode", StatusCodeName(status.error_code())}}));
}

}  // namespace orc
