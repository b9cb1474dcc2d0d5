#include "rpc/channel_file.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/log.h"
#include "domain/text.h"

namespace orc {
namespace {

// `+x -y`: what `after` has and `before` has not, and the reverse. Capped: a log line is for reading.
std::string Difference(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  constexpr size_t kMaxShown = 50;
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(added));
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(removed));
  std::string text;
  size_t shown = 0;
  const auto show = [&](const std::vector<std::string>& names, char sign) {
    for (const std::string& name : names) {
      if (shown++ < kMaxShown) text.append(text.empty() ? "" : " ").append(1, sign).append(name);
    }
  };
  show(added, '+');
  show(removed, '-');
  if (shown > kMaxShown) text += " and " + std::to_string(shown - kMaxShown) + " more";
  return text;
}

std::vector<std::string> ChannelNames(const Channels& channels) {
  std::vector<std::string> names;
  for (const auto& [name, members] : channels.members) names.push_back(name);
  return names;
}

std::vector<std::string> Memberships(const Channels& channels) {
  std::vector<std::string> names;
  for (const auto& [name, members] : channels.members) {
    for (const std::string& organization : members) names.push_back(name + "/" + organization);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<std::unique_ptr<ChannelFile>> ChannelFile::Open(std::string path, std::chrono::milliseconds poll) {
  ORC_ASSIGN(std::string content, ReadChannelFile(path));
  ORC_ASSIGN(Channels channels, ParseChannelFile(path, content));
  return std::unique_ptr<ChannelFile>(new ChannelFile(std::move(path), std::move(content), std::move(channels), poll));
}

ChannelFile::ChannelFile(std::string path, std::string content, Channels initial, std::chrono::milliseconds poll)
    : path_(std::move(path)),
      poll_(poll),
      directory_(std::move(initial)),
      content_(std::move(content)),
      follower_([this](const std::stop_token& stop) { Follow(stop); }) {}

ChannelFile::~ChannelFile() = default;

void ChannelFile::Follow(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, poll_, [] { return false; });
    if (!stop.stop_requested()) Poll();
  }
}

void ChannelFile::Poll() {
  if (const Result<std::string>* const settled = content_.Offer(ReadChannelFile(path_))) Adopt(*settled);
}

void ChannelFile::Adopt(const Result<std::string>& content) {
  Result<Channels> next = content ? ParseChannelFile(path_, *content) : Forward(Result<std::string>(content));
  metrics_.Judged(next.has_value());
  if (!next) {
    Log(LogLevel::kError, "channel file refused, the channels before it stay in force", {{"error", next.error().text}});
    return;
  }
  const auto before = directory_.Current();
  Log(LogLevel::kInfo, "channel file read again",
      {{"channels", Difference(ChannelNames(*before), ChannelNames(*next))},
       {"organizations", Difference(Memberships(*before), Memberships(*next))}});
  directory_.Replace(*std::move(next));
}

}  // namespace orc
