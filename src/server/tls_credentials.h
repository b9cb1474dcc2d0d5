// Credentials of a gRPC port whose certificates may be replaced while it serves.
//
// gRPC asks at the beginning of each handshake whether there is something new; what it gets serves that handshake and
// the later ones. Connections that exist go on with what they were made with. Thread-safe.
//
// gRPC 1.51 exchanges certificates without a lock, which is safe because it begins the handshakes of one socket one
// after another; a port is therefore to be given as one address, not as a host name of several.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <mutex>
#include <string>

#include "server/tls_material.h"

namespace orc {

class TlsCredentials final : public grpc::ServerCredentials {
 public:
  // `ask_clients`: clients must present a certificate that chains to one of the roots. What is given has been checked
  // (tls_material.h): gRPC would only log what is wrong with it.
  TlsCredentials(bool ask_clients, ServerPair pair, std::string client_roots);

  void Replace(ServerPair pair, std::string client_roots);

  // gRPC's; there is no processor.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  // The object must outlive the server it is added to.
  int AddPortToServer(const std::string& address, grpc_server* server) override;

  static grpc_ssl_certificate_config_reload_status Fetch(void* self, grpc_ssl_server_certificate_config** config);

  const bool ask_clients_;
  std::mutex mutex_;
  // Guarded by mutex_:
  ServerPair pair_;
  std::string client_roots_;
  bool fetched_ = false;
};

}  // namespace orc
