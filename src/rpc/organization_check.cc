#include "rpc/organization_check.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <openssl/evp.h>

#include <algorithm>
#include <unordered_map>

#include "base/log.h"
#include "domain/text.h"
#include "rpc/client_chain.h"

namespace orc {
namespace {

void FreeStack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}
using Stack = std::unique_ptr<STACK_OF(X509), FreeWith<FreeStack>>;

tl::unexpected<Error> Refuse(const std::string& what) {
  return Fail(ErrorKind::kPermissionDenied, "invalid MSPID: " + what);
}

std::shared_ptr<const ClientAnchors> MakeAnchors(const ClientAuthority& authority) {
  std::vector<X509*> certificates;
  std::vector<X509_CRL*> lists;
  for (const Certificate& each : authority.certificates) certificates.push_back(each.get());
  for (const RevocationList& each : authority.revocation_lists) lists.push_back(each.get());
  return std::make_shared<const ClientAnchors>(certificates, lists);
}

Result<TimePoint> VerifyChain(X509& leaf, const std::string& chain_pem, const ClientAnchors& anchors) {
  ORC_ASSIGN(const PemContent chain, ParsePem(chain_pem, kMaxSentIntermediates + 1));
  const Stack sent(sk_X509_new_null());
  for (const Certificate& each : chain.certificates) sk_X509_push(sent.get(), each.get());
  return anchors.Verify(leaf, sent.get());
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
    for (const auto& [organization, authority] : authorities) anchors.emplace(organization, MakeAnchors(authority));
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

  std::map<std::string, std::shared_ptr<const ClientAnchors>, std::less<>> anchors;
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
  const auto anchors = state->anchors.find(organization);
  if (anchors == state->anchors.end()) {
    return Refuse("cannot find MSPID " + Quote(organization) + " in allowed organizations");
  }
  const Result<TimePoint> good_until = VerifyChain(*leaf->certificates[0], peer.chain_pem, *anchors->second);
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
