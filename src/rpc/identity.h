// Who calls, and in which channel: the first step of every call but those of the health service.
// Source: behaviour.md section 2, contract.md section 2. Pure but for the random request id; thread-safe.
#pragma once

#include <grpcpp/support/string_ref.h>

#include <map>
#include <string>

#include "domain/caller.h"
#include "domain/error.h"
#include "rpc/channel_directory.h"

namespace orc {

// As grpc::ServerContextBase::client_metadata() gives it: keys in lower case.
using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

inline constexpr size_t kMaxRequestIdBytes = 128;

// The metadata `reqid` if it is given exactly once, cut to kMaxRequestIdBytes; else 8 random hexadecimal characters.
std::string RequestId(const Metadata& metadata);

// Checks `mspid`, then `channel`, against the present state of `directory`; the first failure ends the check.
// Failures: kBadRequest (`mspid` missing or repeated); kRefused (`channel` missing or repeated, organization in no
// channel, organization not in this channel).
Result<Caller> Identify(const Metadata& metadata, const ChannelDirectory& directory);

}  // namespace orc
