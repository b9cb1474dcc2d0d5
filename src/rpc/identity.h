// Who calls, and in which channel: the first step of every call but those of the health service.
// Source: behaviour.md section 2, contract.md section 2. Thread-safe.
#pragma once

#include <grpcpp/support/string_ref.h>

#include <map>
#include <string>

#include "domain/caller.h"
#include "domain/error.h"
#include "rpc/channel_directory.h"
#include "rpc/organization_check.h"

namespace grpc {
class CallbackServerContext;
}

namespace orc {

// As grpc::ServerContextBase::client_metadata() gives it: keys in lower case.
using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

inline constexpr size_t kMaxRequestIdBytes = 128;
// Names and values of the metadata of a call. Clients send less than 1 KiB.
inline constexpr size_t kMaxHeaderBytes = 64 << 10;

// The metadata `reqid` if it is given exactly once, cut to kMaxRequestIdBytes; else 8 random hexadecimal characters.
std::string RequestId(const Metadata& metadata);

// What decides who may come in. Outlives whoever holds it.
struct Gate {
  const ChannelDirectory& directory;
  const OrganizationCheck* organizations = nullptr;  // nullptr: the `mspid` is believed
};

// The peer of a call, if the gate looks at peers.
Peer PeerOf(const grpc::CallbackServerContext& context, const Gate& gate);

// Checks `mspid`, the certificate of `peer`, then `channel`, against the present state of the gate; the first failure
// ends the check. Failures: kExhausted (more than kMaxHeaderBytes; gRPC 1.51 counts by frame and lets headers of many
// frames pass), kBadRequest (`mspid` missing or repeated); those of OrganizationCheck; kRefused (`channel`
// missing or repeated, organization in no channel, organization not in this channel).
Result<Caller> Identify(const Metadata& metadata, const Peer& peer, const Gate& gate);

// The same from a call.
Result<Caller> Identify(const grpc::CallbackServerContext& context, const Gate& gate);

// Whether a caller that was identified before still is. Fails as Identify.
Result<void> IdentifyAgain(const Caller& caller, const Peer& peer, const Gate& gate);

}  // namespace orc
