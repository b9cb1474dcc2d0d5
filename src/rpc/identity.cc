#include "rpc/identity.h"

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

Result<Caller> Identify(const Metadata& metadata, const ChannelDirectory& directory) {
  std::optional<std::string> organization = Single(metadata, "mspid");
  if (!organization) return Fail(ErrorKind::kBadRequest, "missing or invalid header 'mspid'");

  std::optional<std::string> channel = Single(metadata, "channel");
  if (!channel) return Fail(ErrorKind::kRefused, "missing or invalid header 'channel'");
  const auto channels = directory.Current();
  if (!channels->organizations.contains(*organization)) {
    return Fail(ErrorKind::kRefused, "organization " + Quote(*organization) + " is unknown");
  }
  const auto found = channels->members.find(*channel);
  if (found == channels->members.end() || !found->second.contains(*organization)) {
    return Fail(ErrorKind::kRefused,
                "organization " + Quote(*organization) + " has not access to channel " + Quote(*channel));
  }
  return Caller{*std::move(organization), *std::move(channel), RequestId(metadata)};
}

}  // namespace orc
