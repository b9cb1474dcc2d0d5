#include "rpc/calls.h"

#include <exception>
#include <thread>
#include <unordered_map>

#include "base/log.h"
#include "domain/text.h"

namespace orc {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using MethodNames = std::unordered_map<const google::protobuf::Descriptor*, std::string>;

void AddMethods(const FileDescriptor& file, MethodNames& names) {
  for (int s = 0; s < file.service_count(); ++s) {
    for (int m = 0; m < file.service(s)->method_count(); ++m) {
      const auto& method = *file.service(s)->method(m);
      names.emplace(method.input_type(), "/" + method.service()->full_name() + "/" + method.name());
    }
  }
}

const MethodNames& AllMethods() {
  static const MethodNames names = [] {
    MethodNames all;
    for (const char* file : {"computeplan.proto", "computetask.proto", "datamanager.proto", "datasample.proto",
                             "dataset.proto", "event.proto", "failure_report.proto", "function.proto", "info.proto",
                             "model.proto", "organization.proto", "performance.proto", "profiling.proto"}) {
      AddMethods(*DescriptorPool::generated_pool()->FindFileByName(file), all);
    }
    return all;
  }();
  return names;
}

}  // namespace

const std::string& MethodOf(const google::protobuf::Descriptor* request) {
  return AllMethods().at(request);
}

void LogCall(const FinishedCall& call) {
  const bool is_fault = !call.status.ok() && call.status.error_code() != grpc::StatusCode::CANCELLED;
  const auto level = is_fault ? LogLevel::kError : LogLevel::kDebug;
  if (!LogEnabled(level)) return;
  const std::string ms = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(call.duration).count());
  if (call.status.ok()) {
    Log(level, "Success response", {{"requestID", call.request_id}, {"method", call.method}, {"duration_ms", ms}});
  } else {
    Log(level, "Error response",
        {{"requestID", call.request_id},
         {"method", call.method},
         {"error", call.status.error_message()},
         {"grpcCode", StatusCodeName(call.status.error_code())},
         {"duration_ms", ms}});
  }
}

Result<void> Calls::Guard(const std::function<Result<void>()>& answer) {
  try {
    return answer();
  } catch (const std::exception& fault) {
    Log(LogLevel::kError, "call failed by a fault", {{"error", fault.what()}});
    return Fail(ErrorKind::kInternal, "unexpected fault");
  }
}

void Calls::WaitForEnd(std::chrono::nanoseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (open_ > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<ChannelRuntime*> Calls::FindChannel(const Caller& caller) {
  if (closed_) return Fail(ErrorKind::kUnavailable, "the server is stopping; try again later");
  ChannelRuntime* const channel = hub_.Find(caller.channel);
  if (channel != nullptr) return channel;
  return Fail(ErrorKind::kUnavailable, "channel " + Quote(caller.channel) + " is being opened; try again later");
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
  const Result<ChannelRuntime*> channel = FindChannel(caller);
  if (!channel) return tl::unexpected(ToStatus(channel.error()));
  return *channel;
}

}  // namespace orc
