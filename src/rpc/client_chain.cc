#include "rpc/client_chain.h"

#include <openssl/x509v3.h>

#include <algorithm>

namespace orc {
namespace {

using StoreContext = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

// The security level that the TLS library has by default: 112 bits.
constexpr int kSecurityLevel = 2;
// Certificates between a leaf and its anchor.
constexpr int kMaxDepth = 10;

// An authority that has published no list has revoked nothing, and an old list is better than none.
int TolerateListGaps(int ok, X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  return ok == 1 || error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED ? 1 : 0;
}

X509_STORE* NewStore(const std::vector<X509_CRL*>& revocation_lists) {
  X509_STORE* const store = X509_STORE_new();
  X509_VERIFY_PARAM* const rules = X509_STORE_get0_param(store);
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(rules, kMaxDepth);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  if (!revocation_lists.empty()) {
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_STORE_set_verify_cb(store, TolerateListGaps);
  }
  for (X509_CRL* each : revocation_lists) X509_STORE_add_crl(store, each);
  return store;
}

// OpenSSL takes an intermediate for a CA that says so in its key usage only; here it must carry the CA flag. What is
// an anchor is trusted as it is.
Result<void> CheckCaFlags(STACK_OF(X509) & chain, int untrusted) {
  constexpr int kSaysSo = 1;
  for (int i = 1; i < untrusted; ++i) {
    if (X509_check_ca(sk_X509_value(&chain, i)) != kSaysSo) {
      return Fail(ErrorKind::kRefused, "an intermediate certificate is not that of a CA");
    }
  }
  return {};
}

Result<TimePoint> VerifyWith(X509_STORE& store, X509& leaf, STACK_OF(X509) * sent) {
  const StoreContext context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), &store, &leaf, sent) != 1) {
    return Fail(ErrorKind::kRefused, TakeOpenSslError("out of memory"));
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

}  // namespace

ClientAnchors::ClientAnchors(const std::vector<X509*>& authorities, const std::vector<X509_CRL*>& revocation_lists) {
  // Sorted, so that the namesakes are neighbours and each goes to the next store.
  std::vector<X509*> sorted = authorities;
  std::sort(sorted.begin(), sorted.end(), [](X509* a, X509* b) { return X509_subject_name_cmp(a, b) < 0; });
  size_t place = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const bool namesake = i > 0 && X509_subject_name_cmp(sorted[i - 1], sorted[i]) == 0;
    place = namesake ? place + 1 : 0;
    if (place == stores_.size()) stores_.emplace_back(NewStore(revocation_lists));
    X509_STORE_add_cert(stores_[place].get(), sorted[i]);
  }
}

Result<TimePoint> ClientAnchors::Verify(X509& leaf, STACK_OF(X509) * sent) const {
  Result<TimePoint> outcome = Fail(ErrorKind::kRefused, "there is no CA");
  for (const Store& store : stores_) {
    Result<TimePoint> next = VerifyWith(*store, leaf, sent);
    if (next) return next;
    // The first store has an authority of every name, so its reason says most.
    if (&store == &stores_.front()) outcome = std::move(next);
  }
  return outcome;
}

}  // namespace orc
