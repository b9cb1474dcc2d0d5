#include "rpc/call_metrics.h"

#include <algorithm>

#include "domain/assert.h"
#include "rpc/descriptor_catalog.h"

namespace orc {
namespace {

using google::protobuf::MethodDescriptor;

std::string_view TypeOf(const MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

}  // namespace

void MethodMetrics::Handled(grpc::StatusCode code, std::chrono::nanoseconds duration) {
  const auto number = static_cast<size_t>(code);
  handled[number < kCodes ? number : static_cast<size_t>(grpc::StatusCode::UNKNOWN)].Add();
  seconds.Observe(std::chrono::duration<double>(duration).count());
}

CallMetrics::CallMetrics() {
  for (const std::string& name : DescriptorCatalog::Get().Services()) {
    const auto& service = *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    for (int i = 0; i < service.method_count(); ++i) {
      const MethodDescriptor& method = *service.method(i);
      MethodMetrics& metrics = methods_.emplace_back();
      metrics.path = "/" + name + "/" + method.name();
      metrics.service = name;
      metrics.name = method.name();
      metrics.type = TypeOf(method);
      const bool own = name.starts_with("orchestrator.");
      metrics.has_transaction = own && metrics.type == "unary";
      if (own) by_request_.emplace(method.input_type(), &metrics);
    }
  }
}

MethodMetrics& CallMetrics::Named(std::string_view path) {
  const auto found =
      std::find_if(methods_.begin(), methods_.end(), [&](const MethodMetrics& method) { return method.path == path; });
  ORC_ASSERT(found != methods_.end());
  return *found;
}

}  // namespace orc
