#include "rpc/unknown_methods.h"

#include "domain/text.h"
#include "rpc/descriptor_catalog.h"
#include "rpc/status.h"
#include "rpc/stream.h"

namespace orc {

std::string UnknownMethodText(std::string_view path) {
  std::string_view name = path;
  if (name.starts_with('/')) name.remove_prefix(1);
  const size_t slash = name.rfind('/');
  if (slash == std::string_view::npos) return "malformed method name: " + Quote(path);
  const std::string service(name.substr(0, slash));
  if (!DescriptorCatalog::Get().Services().contains(service)) return "unknown service " + service;
  return "unknown method " + std::string(name.substr(slash + 1)) + " for service " + service;
}

grpc::ServerGenericBidiReactor* UnknownMethods::CreateReactor(grpc::GenericCallbackServerContext* context) {
  return new Refusal<grpc::ServerGenericBidiReactor>(
      {grpc::StatusCode::UNIMPLEMENTED, FitStatusText(UnknownMethodText(context->method()))});
}

}  // namespace orc
