// The answer to calls of methods that the server does not have: UNIMPLEMENTED, before any check of identity
// (contract.md 3). Thread-safe, without state. Must outlive the gRPC server.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <string>
#include <string_view>

namespace orc {

// The text for a call of `path` (":path" of HTTP/2, `/<package.Service>/<Method>`): `unknown service <package.Service>`
// or `unknown method <Method> for service <package.Service>`; `malformed method name: <q:path>` for other paths.
std::string UnknownMethodText(std::string_view path);

class UnknownMethods final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
};

}  // namespace orc
