#include "rpc/identity.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>

#include "domain/text.h"

namespace orc {
namespace {

// The value of `key` if it is given exactly once.
std::optional<std::string> Single(const Metadata& metadata, const char* key) {
  const auto [first, last] = metadata.equal_range(key);
  if (first == last || std::next(first) != last) return std::nullopt;
  return std::string(first->second.data(), first->second.size());
}

Result<void> CheckSize(const Metadata& metadata) {
  size_t bytes = 0;
  for (const auto& [key, value] : metadata) bytes += key.size() + value.size();
  if (bytes <= kMaxHeaderBytes) return {};
  return Fail(ErrorKind::kExhausted, "the headers of this call have " + std::to_string(bytes) + " bytes, more than " +
                                         std::to_string(kMaxHeaderBytes));
}

Result<void> CheckCertificate(const std::string& organization, const Peer& peer, const Gate& gate) {
  return gate.organizations == nullptr ? Result<void>{} : gate.organizations->Check(peer, organization);
}

Result<void> CheckMembership(const std::string& organization, const std::string& channel, const Gate& gate) {
  const auto channels = gate.directory.Current();
  if (!channels->organizations.contains(organization)) {
    return Fail(ErrorKind::kRefused, "organization " + Quote(organization) + " is unknown");
  }
  const auto found = channels->members.find(channel);
  if (found != channels->members.end() && found->second.contains(organization)) return {};
  return Fail(ErrorKind::kRefused,
              "organization " + Quote(organization) + " has not access to channel " + Quote(channel));
}

}  // namespace

std::string RequestId(const Metadata& metadata) {
  if (std::optional<std::string> given = Single(metadata, "reqid")) {
    given->resize(std::min(given->size(), kMaxRequestIdBytes));
    return *std::move(given);
  }
  thread_local std::minstd_rand random{std::random_device{}()};
  char text[9];
  std::snprintf(text, sizeof text, "%08x", std::uniform_int_distribution<uint32_t>{}(random));
  return text;
}

Peer PeerOf(const grpc::CallbackServerContext& context, const Gate& gate) {
  return gate.organizations == nullptr ? Peer{} : PeerOf(*context.auth_context());
}

Result<Caller> Identify(const Metadata& metadata, const Peer& peer, const Gate& gate) {
  ORC_TRY(CheckSize(metadata));
  std::optional<std::string> organization = Single(metadata, "mspid");
  if (!organization) return Fail(ErrorKind::kBadRequest, "missing or invalid header 'mspid'");
  ORC_TRY(CheckCertificate(*organization, peer, gate));
  std::optional<std::string> channel = Single(metadata, "channel");
  if (!channel) return Fail(ErrorKind::kRefused, "missing or invalid header 'channel'");
  ORC_TRY(CheckMembership(*organization, *channel, gate));
  return Caller{*std::move(organization), *std::move(channel), RequestId(metadata)};
}

Result<Caller> Identify(const grpc::CallbackServerContext& context, const Gate& gate) {
  return Identify(context.client_metadata(), PeerOf(context, gate), gate);
}

Result<void> IdentifyAgain(const Caller& caller, const Peer& peer, const Gate& gate) {
  ORC_TRY(CheckCertificate(caller.organization, peer, gate));
  return CheckMembership(caller.organization, caller.channel, gate);
}

}  // namespace orc
