#include "server/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <utility>

namespace orc {

TlsCredentials::TlsCredentials(bool ask_clients, ServerPair pair, std::string client_roots)
    : ask_clients_(ask_clients), pair_(std::move(pair)), client_roots_(std::move(client_roots)) {}

void TlsCredentials::Replace(ServerPair pair, std::string client_roots) {
  const std::lock_guard lock(mutex_);
  pair_ = std::move(pair);
  client_roots_ = std::move(client_roots);
  fetched_ = false;
}

int TlsCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  const auto clients = ask_clients_ ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                    : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  grpc_server_credentials* const credentials = grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(clients, Fetch, this));
  const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
  grpc_server_credentials_release(credentials);
  return port;
}

grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(void* self,
                                                                grpc_ssl_server_certificate_config** config) {
  TlsCredentials& my = *static_cast<TlsCredentials*>(self);
  const std::lock_guard lock(my.mutex_);
  if (my.fetched_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair{my.pair_.key.c_str(), my.pair_.chain.c_str()};
  // Roots that no client is judged by are not used, but gRPC 1.51 ends the process if there are none.
  const std::string& roots = my.ask_clients_ ? my.client_roots_ : my.pair_.chain;
  *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
  my.fetched_ = true;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace orc
