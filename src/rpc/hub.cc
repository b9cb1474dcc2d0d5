#include "rpc/hub.h"

#include <utility>

namespace orc {

ChannelRuntime::ChannelRuntime(const std::string& name, ChannelStore& channel_store, int64_t head,
                               const HubOptions& options, Executor& wakers, Executor& fetchers,
                               std::function<void(bool)> on_writable)
    : store(channel_store),
      feed(head, options.tail_bytes, wakers),
      fetcher(channel_store, feed, fetchers),
      look_ups(channel_store),
      writer(name, channel_store, options.workspace, options.writer,
             WriterEvents{[this](std::vector<EventRow> events, Head new_head) {
                            feed.Publish(std::move(events), new_head.position);
                          },
                          std::move(on_writable)}) {}

Hub::Hub(Store& store, HubOptions options, Executor& wakers)
    : store_(store), options_(std::move(options)), wakers_(wakers) {
  store_.Follow({[this](const std::string& channel, const Head& head) { Publish(channel, head); },
                 [this](bool available) { SetAvailable(available); }});
}

Hub::~Hub() {
  store_.Follow({});
  fetchers_.Stop();
}

Result<void> Hub::Open(const std::string& channel) {
  if (Find(channel) != nullptr) return {};
  ORC_ASSIGN(ChannelStore* const channel_store, store_.OpenChannel(channel));
  ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, channel_store->Read());
  ORC_ASSIGN(const Head head, snapshot->GetHead());
  auto runtime = std::make_unique<ChannelRuntime>(channel, *channel_store, head.position, options_, wakers_, fetchers_,
                                                  [this](bool writable) { SetWritable(writable); });
  const std::lock_guard lock(mutex_);
  ChannelRuntime& opened = *channels_.try_emplace(channel, std::move(runtime)).first->second;
  if (const auto early = early_heads_.extract(channel)) opened.feed.Publish({}, early.mapped());
  return {};
}

void Hub::Publish(const std::string& channel, const Head& head) {
  ChannelRuntime* runtime = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(channel);
    if (found == channels_.end()) {
      early_heads_[channel] = head.position;
    } else {
      runtime = found->second.get();
    }
  }
  if (runtime != nullptr) runtime->fetcher.Fetch(head.position);
}

ChannelRuntime* Hub::Find(const std::string& channel) const {
  const std::lock_guard lock(mutex_);
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : found->second.get();
}

std::vector<std::pair<std::string, ChannelRuntime*>> Hub::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, ChannelRuntime*>> all;
  for (const auto& [name, channel] : channels_) all.emplace_back(name, channel.get());
  return all;
}

void Hub::CloseFeeds() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, channel] : channels_) channel->feed.Close();
}

void Hub::StopWriters() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, channel] : channels_) channel->writer.Stop();
}

void Hub::SetWritable(bool writable) {
  const std::lock_guard lock(writable_mutex_);
  unwritable_ += writable ? -1 : 1;
  Report();
}

void Hub::SetAvailable(bool available) {
  const std::lock_guard lock(writable_mutex_);
  if (std::exchange(available_, available) != available) Report();
}

void Hub::SetOpened() {
  const std::lock_guard lock(writable_mutex_);
  if (!std::exchange(opened_, true)) Report();
}

void Hub::Report() {
  const auto why_not = [this]() -> std::string {
    if (!opened_) return "the channels are not open yet";
    if (!available_) return "the database gives no answer";
    return unwritable_ == 0 ? "" : "channels whose store takes no writes: " + std::to_string(unwritable_);
  };
  options_.on_ready(why_not());
}

}  // namespace orc
