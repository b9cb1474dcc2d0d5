// Chains of client certificates: whether a certificate was issued, through intermediates, by one of some authorities.
//
// OpenSSL builds and judges the chain: signatures of at least 112 bits of strength, validity, purpose (client
// authentication, where a certificate restricts it), CA flag, path length and revocation lists. Each authority is an
// anchor by itself, whether root or intermediate. Authorities of the same name are tried one after another, because
// OpenSSL by itself settles for one of them, which would shut out the clients of the others.
//
// A revocation list counts beyond its next update: it is better late than gone. An authority without a list of its own
// revokes nothing. Immutable, thread-safe.
#pragma once

#include <openssl/x509_vfy.h>

#include <vector>

#include "domain/error.h"
#include "rpc/x509.h"

namespace orc {

class ClientAnchors {
 public:
  // Shares the ownership of the OpenSSL objects.
  ClientAnchors(const std::vector<X509*>& authorities, const std::vector<X509_CRL*>& revocation_lists);

  // Until when the chain of `leaf` is good. `sent` are the certificates that came with it; they prove nothing but what
  // they sign. Failure (kRefused): why there is no chain, in OpenSSL's words.
  Result<TimePoint> Verify(X509& leaf, STACK_OF(X509) * sent) const;

 private:
  using Store = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;

  std::vector<Store> stores_;  // of authorities of different names each; almost always one
};

}  // namespace orc
