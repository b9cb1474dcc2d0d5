#include "rpc/organization_check.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <unordered_map>

#include "base/log.h"
#include "domain/text.h"

namespace orc {
namespace {

using Store = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

void FreeStack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}
using Untrusted = std::unique_ptr<STACK_OF(X509), FreeWith<FreeStack>>;

// The security level of the TLS library: keys and signatures of at least 112 bits of strength.
constexpr int kSecurityLevel = 2;
// Certificates between a leaf and its anchor.
constexpr int kMaxDepth = 10;

tl::unexpected<Error> Refuse(const std::string& what) {
  return Fail(ErrorKind::kPermissionDenied, "invalid MSPID: " + what);
}

// An authority that has published no list has revoked nothing, and an old list is better than none.
int TolerateListGaps(int ok, X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  return ok == 1 || error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED ? 1 : 0;
}

Store MakeStore(const ClientAuthority& authority) {
  Store store(X509_STORE_new());
  for (const Certificate& each : authority.certificates) X509_STORE_add_cert(store.get(), each.get());
  for (const RevocationList& each : authority.revocation_lists) X509_STORE_add_crl(store.get(), each.get());
  X509_VERIFY_PARAM* const rules = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(rules, kMaxDepth);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  if (!authority.revocation_lists.empty()) {
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_STORE_set_verify_cb(store.get(), TolerateListGaps);
  }
  return store;
}

// OpenSSL takes an intermediate for a CA that says so in its key usage only; here it must carry the CA flag. What is
// in the organization's folder is trusted as it is.
Result<void> CheckCaFlags(STACK_OF(X509) & chain, int sent_by_client) {
  constexpr int kSaysSo = 1;
  for (int i = 1; i < sent_by_client; ++i) {
    if (X509_check_ca(sk_X509_value(&chain, i)) != kSaysSo) {
      return Fail(ErrorKind::kRefused, "an intermediate certificate is not that of a CA");
    }
  }
  return {};
}

// Until when the chain is good. Failure: why there is none; the caller words it for the client.
Result<TimePoint> VerifyChain(X509& leaf, const PemContent& sent, X509_STORE& store) {
  const Untrusted untrusted(sk_X509_new_null());
  for (const Certificate& each : sent.certificates) sk_X509_push(untrusted.get(), each.get());
  const StoreContext context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), &store, &leaf, untrusted.get()) != 1) {
    return Fail(ErrorKind::kInternal, TakeOpenSslError("out of memory"));
  }
  if (X509_verify_cert(context.get()) != 1) {
    TakeOpenSslError("");
    return Fail(ErrorKind::kRefused, X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  STACK_OF(X509)& chain = *X509_STORE_CTX_get0_chain(context.get());
  ORC_TRY(CheckCaFlags(chain, X509_STORE_CTX_get_num_untrusted(context.get())));
  TimePoint good_until = TimePoint::max();
  for (int i = 0; i < sk_X509_num(&chain); ++i) {
    good_until = std::min(good_until, NotAfter(*sk_X509_value(&chain, i)));
  }
  return good_until;
}

std::string Digest(const std::string& leaf_pem, const std::string& chain_pem) {
  // The length keeps the two apart.
  const std::string text = std::to_string(leaf_pem.size()) + ":" + leaf_pem + chain_pem;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<char*>(digest), size};
}

std::string Property(const grpc::AuthContext& context, const char* name) {
  const std::vector<grpc::string_ref> values = context.FindPropertyValues(name);
  return values.size() == 1 ? std::string(values[0].data(), values[0].size()) : std::string();
}

}  // namespace

Peer MakeTlsPeer(std::string leaf_pem, std::string chain_pem) {
  std::string digest = Digest(leaf_pem, chain_pem);
  return {true, std::move(leaf_pem), std::move(chain_pem), std::move(digest)};
}

Peer PeerOf(const grpc::AuthContext& context) {
  const std::string transport = Property(context, GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  if (transport != GRPC_SSL_TRANSPORT_SECURITY_TYPE && transport != GRPC_TLS_TRANSPORT_SECURITY_TYPE) return {};
  return MakeTlsPeer(Property(context, GRPC_X509_PEM_CERT_PROPERTY_NAME),
                     Property(context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME));
}

// The authorities as of one moment, and whom they have vouched for.
struct OrganizationCheck::State {
  explicit State(const ClientAuthorities& authorities) {
    for (const auto& [organization, authority] : authorities) stores.emplace(organization, MakeStore(authority));
  }

  bool Remembers(const std::string& key) {
    const std::lock_guard lock(mutex);
    const auto found = remembered.find(key);
    return found != remembered.end() && std::chrono::system_clock::now() < found->second;
  }

  void Remember(const std::string& key, TimePoint good_until) {
    const std::lock_guard lock(mutex);
    if (remembered.size() >= kMaxRemembered) remembered.clear();  // they are soon verified again
    remembered[key] = good_until;
  }

  std::map<std::string, Store, std::less<>> stores;
  std::mutex mutex;
  std::unordered_map<std::string, TimePoint> remembered;  // guarded by mutex
};

OrganizationCheck::OrganizationCheck(const ClientAuthorities& initial) : state_(std::make_shared<State>(initial)) {}

OrganizationCheck::~OrganizationCheck() = default;

void OrganizationCheck::Replace(const ClientAuthorities& next) {
  auto state = std::make_shared<State>(next);
  const std::lock_guard lock(mutex_);
  state_.swap(state);
}

std::shared_ptr<OrganizationCheck::State> OrganizationCheck::Current() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

Result<void> OrganizationCheck::Check(const Peer& peer, const std::string& organization) const {
  if (!peer.tls) return Fail(ErrorKind::kInternal, "invalid MSPID: failed to extract MSP ID from TLS context");
  const std::shared_ptr<State> state = Current();
  const std::string key = peer.digest + organization;
  if (state->Remembers(key)) return {};

  const Result<PemContent> leaf = ParsePem(peer.leaf_pem, 1);
  const bool has_leaf = leaf && leaf->certificates.size() == 1;
  const auto values = has_leaf ? SubjectOrganizations(*leaf->certificates[0]) : std::vector<std::string>();
  if (std::find(values.begin(), values.end(), organization) == values.end()) {
    return Refuse("cannot find MSPID " + Quote(organization) + " in client TLS certificate Subject Organizations");
  }
  const auto store = state->stores.find(organization);
  if (store == state->stores.end()) {
    return Refuse("cannot find MSPID " + Quote(organization) + " in allowed organizations");
  }
  const Result<PemContent> sent = ParsePem(peer.chain_pem, kMaxSentIntermediates + 1);
  const Result<TimePoint> good_until =
      sent ? VerifyChain(*leaf->certificates[0], *sent, *store->second) : tl::unexpected(sent.error());
  if (!good_until) {
    Log(LogLevel::kWarn, "client certificate refused",
        {{"mspid", organization},
         {"subject", SubjectLine(*leaf->certificates[0])},
         {"error", good_until.error().text}});
    return Refuse("invalid issuer for MSPID " + Quote(organization));
  }
  state->Remember(key, *good_until);
  return {};
}

}  // namespace orc
