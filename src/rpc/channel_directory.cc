#include "rpc/channel_directory.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "domain/text.h"
#include "rpc/small_file.h"

namespace orc {
namespace {

// The text of a channel name or organization id; `what` says which in the error.
Result<std::string> Name(const YAML::Node& node, std::string_view what) {
  const std::string subject(what);
  if (node.IsNull()) return Fail(ErrorKind::kRefused, subject + " is empty");
  if (!node.IsScalar()) return Fail(ErrorKind::kRefused, subject + " is not a text");
  const std::string& name = node.Scalar();
  if (name.empty()) return Fail(ErrorKind::kRefused, subject + " is empty");
  const auto characters = std::count_if(name.begin(), name.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; });
  if (static_cast<size_t>(characters) > kMaxNameCharacters) {
    return Fail(ErrorKind::kRefused, subject + " is longer than 100 characters: " + Quote(name.substr(0, 400)));
  }
  return name;
}

Result<Channels::Members> ReadMembers(const std::string& channel, const YAML::Node& list, size_t& memberships) {
  Channels::Members members;
  if (list.IsNull()) return members;
  const std::string place = "channel " + Quote(channel);
  if (!list.IsSequence()) return Fail(ErrorKind::kRefused, place + ": a list of organization ids is expected");
  for (const YAML::Node& entry : list) {
    if (++memberships > kMaxMemberships) return Fail(ErrorKind::kRefused, "more than 100000 list entries");
    ORC_ASSIGN(std::string organization, Name(entry, place + ": an organization id"));
    members.insert(std::move(organization));
  }
  return members;
}

// The value of the key `channels`; none if the key is missing.
Result<std::optional<YAML::Node>> FindChannels(const YAML::Node& document) {
  if (document.IsNull()) return std::nullopt;
  if (!document.IsMap()) return Fail(ErrorKind::kRefused, "the document is not a map");
  std::optional<YAML::Node> found;
  for (const auto& entry : document) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != "channels") continue;
    if (found) return Fail(ErrorKind::kRefused, "the key channels is given twice");
    found.emplace(entry.second);
  }
  return found;
}

Result<Channels> Convert(const YAML::Node& document) {
  Channels channels;
  ORC_ASSIGN(const std::optional<YAML::Node> listed, FindChannels(document));
  if (!listed || listed->IsNull()) return channels;
  if (!listed->IsMap()) {
    return Fail(ErrorKind::kRefused, "channels: a map of channel names to lists of organization ids is expected");
  }
  if (listed->size() > kMaxChannels) return Fail(ErrorKind::kRefused, "more than 1000 channels");
  size_t memberships = 0;
  for (const auto& entry : *listed) {
    ORC_ASSIGN(const std::string name, Name(entry.first, "a channel name"));
    ORC_ASSIGN(Channels::Members members, ReadMembers(name, entry.second, memberships));
    channels.organizations.insert(members.begin(), members.end());
    if (!channels.members.emplace(name, std::move(members)).second) {
      return Fail(ErrorKind::kRefused, "channel " + Quote(name) + " is given twice");
    }
  }
  return channels;
}

}  // namespace

Result<Channels> ParseChannels(std::string_view yaml) {
  try {
    return Convert(YAML::Load(std::string(yaml)));
  } catch (const YAML::DeepRecursion&) {
    return Fail(ErrorKind::kRefused, "nested too deeply");
  } catch (const YAML::Exception& error) {
    return Fail(ErrorKind::kRefused, error.what());
  }
}

Result<std::string> ReadChannelFile(const std::string& path) {
  Result<std::string> content = ReadSmallFile(path, kMaxChannelFileBytes);
  if (!content) return Fail(ErrorKind::kRefused, "channel file " + Quote(path) + ": " + content.error().text);
  return content;
}

Result<Channels> ParseChannelFile(const std::string& path, const std::string& content) {
  Result<Channels> channels = ParseChannels(content);
  if (!channels) return Fail(ErrorKind::kRefused, "channel file " + Quote(path) + ": " + channels.error().text);
  return channels;
}

}  // namespace orc
