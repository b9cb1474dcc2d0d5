#include "rpc/calls.h"

#include <exception>
#include <thread>

#include "base/log.h"
#include "domain/text.h"

namespace orc {
void RecordCall(const FinishedCall& call) {
  call.method.Handled(call.status.error_code(), call.duration);
  if (call.status.ok()) call.method.sent.Add();
  if (call.let_in) (call.status.ok() ? call.method.committed : call.method.rolled_back).Add();
  const bool is_fault = !call.status.ok() && call.status.error_code() != grpc::StatusCode::CANCELLED;
  const auto level = is_fault ? LogLevel::kError : LogLevel::kDebug;
  if (!LogEnabled(level)) return;
  const std::string ms = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(call.duration).count());
  if (call.status.ok()) {
    Log(level, "Success response",
        call.labels.Fields({{"method", call.method.path},
                            {"response_bytes", std::to_string(call.response_bytes)},
                            {"duration_ms", ms}}));
  } else {
    Log(level, "Error response",
        call.labels.Fields({{"method", call.method.path},
                            {"error", call.status.error_message()},
                            {"grpcCode", StatusCodeName(call.status.error_code())},
                            {"duration_ms", ms}}));
  }
}

Deadline ToDeadline(std::chrono::system_clock::time_point deadline) {
  const auto now = std::chrono::system_clock::now();
  // gRPC's conversion runs over for deadlines centuries ahead, which come out long past. Real ones that are past have
  // ended their calls.
  const bool has_run_over = deadline < now - std::chrono::hours(1);
  if (has_run_over || deadline == std::chrono::system_clock::time_point::max()) return kNoDeadline;
  return std::chrono::steady_clock::now() + (deadline - now);
}

Result<void> Calls::FromStore(ChannelRuntime& channel, const CallLabels& labels,
                              const std::function<Result<void>()>& answer) {
  try {
    Result<void> outcome = answer();
    if (!outcome && IsOfStore(outcome.error().kind)) channel.read_errors.Add();
    return outcome;
  } catch (const std::exception& fault) {
    Log(LogLevel::kError, "call failed by a fault", labels.Fields({{"error", fault.what()}}));
    return Fail(ErrorKind::kInternal, "unexpected fault");
  }
}

void Calls::WaitForEnd(std::chrono::nanoseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (open_.count > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<ChannelRuntime*> Calls::FindChannel(const Caller& caller) {
  if (closed_) return Fail(ErrorKind::kUnavailable, "the server is stopping; try again later");
  ChannelRuntime* const channel = hub_.Find(caller.channel);
  if (channel != nullptr) return channel;
  return Fail(ErrorKind::kUnavailable, "channel " + Quote(caller.channel) + " is being opened; try again later");
}

Calls::Bytes Calls::TakeOut(const Bytes& request) {
  Bytes taken;
  taken.Swap(const_cast<Bytes*>(&request));  // gRPC's own, and not const
  return taken;
}

Result<void> Calls::TakeRequest(const Context& context, const Bytes& request) {
  if (request.Valid()) {
    connections_.TellRequest(context, request.Length());
    return {};
  }
  // gRPC begins calls also when their client leaves before it has sent the request.
  connections_.TellAbandoned(context);
  return Fail(ErrorKind::kCancelled, "the caller has left");
}

tl::expected<ChannelRuntime*, grpc::Status> Calls::AdmitStream(Context& context, const Bytes& request, Caller& caller) {
  if (const Result<void> taken = TakeRequest(context, request); !taken) return tl::unexpected(ToStatus(taken.error()));
  Result<Caller> identified = Identify(context, gate_);
  if (!identified) return tl::unexpected(ToStreamAdmissionStatus(identified.error()));
  caller = std::move(*identified);
  connections_.TellIdentified(context);
  const Result<ChannelRuntime*> channel = FindChannel(caller);
  if (!channel) return tl::unexpected(ToStatus(channel.error()));
  return *channel;
}

}  // namespace orc
