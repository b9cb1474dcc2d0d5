// The organization check (behaviour.md section 2, rows 2 to 5; decisions.md D2): whether the certificate of a
// connection may act as an organization.
//
// It may if one of the O values of its subject is the organization's id and it chains, through the intermediates the
// client sent, to one of the organization's own CA certificates, be it a root or an intermediate (client_chain.h). What
// else the client sent, key identifiers and the CAs of other organizations prove nothing. The certificate itself may be
// of X.509 version 1.
//
// Thread-safe. Accepted certificates are remembered, at most kMaxRemembered of them, until one of their chain expires
// or the authorities are replaced.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "domain/error.h"
#include "rpc/client_authorities.h"

namespace grpc {
class AuthContext;
}

namespace orc {

inline constexpr size_t kMaxRemembered = 10'000;
// Of the certificates a client sent, its own not counted.
inline constexpr size_t kMaxSentIntermediates = 16;

// What a connection says about its client. A value.
struct Peer {
  bool tls = false;
  std::string leaf_pem;   // empty: no client certificate
  std::string chain_pem;  // what else the client sent, its own certificate maybe included
  std::string digest;     // of the two
};

// The peer of a call's connection, from gRPC's authentication properties. Only a TLS transport counts.
Peer PeerOf(const grpc::AuthContext& context);
Peer MakeTlsPeer(std::string leaf_pem, std::string chain_pem);

class OrganizationCheck {
 public:
  explicit OrganizationCheck(const ClientAuthorities& initial);
  ~OrganizationCheck();

  // Calls that begin from now on are judged by `next`. What was remembered is forgotten.
  void Replace(const ClientAuthorities& next);

  // Failures: kInternal (row 2), kPermissionDenied (rows 3 to 5), with the texts of behaviour.md. The log has the
  // reason of row 5.
  Result<void> Check(const Peer& peer, const std::string& organization) const;

 private:
  struct State;

  std::shared_ptr<State> Current() const;

  mutable std::mutex mutex_;
  std::shared_ptr<State> state_;  // guarded by mutex_
};

}  // namespace orc
