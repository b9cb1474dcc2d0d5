#include "server/tls_handshake.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "base/log.h"

namespace orc {
namespace {

// gRPC's threads may still be at a handshake when main() has returned: never destroyed.
struct CurrentPool {
  std::mutex mutex;
  std::shared_ptr<const ClientPool> pool = std::make_shared<const ClientPool>();  // guarded by mutex
};

CurrentPool& Current() {
  static auto* const current = new CurrentPool;
  return *current;
}

std::shared_ptr<const ClientPool> GetClientPool() {
  const std::lock_guard lock(Current().mutex);
  return Current().pool;
}

bool SomeGroupVouches(X509& leaf, STACK_OF(X509) * sent) {
  const std::shared_ptr<const ClientPool> pool = GetClientPool();
  return std::any_of(pool->begin(), pool->end(),
                     [&](const ClientAnchors& group) { return group.Verify(leaf, sent).has_value(); });
}

int VerifyPeer(X509_STORE_CTX* context, void*) {
  const int verified = X509_verify_cert(context);
  const auto* const connection =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* const leaf = X509_STORE_CTX_get0_cert(context);
  if (verified > 0 || connection == nullptr || SSL_is_server(connection) == 0 || leaf == nullptr) return verified;
  if (SomeGroupVouches(*leaf, X509_STORE_CTX_get0_untrusted(context))) {
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
  }
  Log(LogLevel::kWarn, "client certificate refused at the handshake",
      {{"subject", SubjectLine(*leaf)}, {"error", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context))}});
  return verified;
}

void OnNewContext(void* parent, void*, CRYPTO_EX_DATA*, int, long, void*) {  // NOLINT(google-runtime-int)
  auto* const context = static_cast<SSL_CTX*>(parent);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_cert_verify_callback(context, VerifyPeer, nullptr);
}

}  // namespace

void SetClientPool(ClientPool pool) {
  auto next = std::make_shared<const ClientPool>(std::move(pool));
  const std::lock_guard lock(Current().mutex);
  Current().pool.swap(next);
}

void InstallHandshakeRules() {
  SSL_CTX_get_ex_new_index(0, nullptr, OnNewContext, nullptr, nullptr);
}

}  // namespace orc
