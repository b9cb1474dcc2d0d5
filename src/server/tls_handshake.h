// What happens in a TLS handshake of the gRPC port beyond what gRPC 1.51 lets one choose. gRPC makes OpenSSL's contexts
// itself and shows them to nobody, so these rules are given to every context of the process when it is made:
//
// - No session is resumed: a resumed session would come without the intermediates that the client has sent, and it
//   would be older than the present client CAs.
// - No connection is renegotiated: its peer is the one of its handshake.
// - A client certificate that OpenSSL refuses gets a second chance with each group of the client pool by itself. With
//   all CAs in one heap OpenSSL settles for one of several of the same name, which would let an organization whose CA
//   takes the name of another's shut out the clients of that one. The log says why a client was refused.
#pragma once

#include <vector>

#include "rpc/client_chain.h"

namespace orc {

// The CAs that may vouch for clients, in groups: the server's own, and those of each organization.
using ClientPool = std::vector<ClientAnchors>;

// To be called once, before the first TLS context is made.
void InstallHandshakeRules();

// For the handshakes that begin from now on. Thread-safe.
void SetClientPool(ClientPool pool);

}  // namespace orc
