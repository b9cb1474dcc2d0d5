// Hub: the channels that are open in this process, each with its store, its writer and its feed. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "feed/feed.h"
#include "feed/fetcher.h"
#include "ledger/writer.h"
#include "rpc/channel_directory.h"
#include "rpc/look_ups.h"

namespace orc {

struct HubOptions {
  WorkspaceLimits workspace;
  WriterLimits writer;
  int64_t tail_bytes = 8 << 20;  // of the newest events in memory, per channel
  // Whether the store is there and takes the writes of every channel (then `why_not` is empty); called when that may
  // have changed.
  std::function<void(std::string why_not)> on_ready = [](const std::string&) {};
};

// Whether an error of a read is the store's, and not the caller's.
inline bool IsOfStore(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kInternal;
}

struct ChannelRuntime {
  ChannelRuntime(const std::string& name, ChannelStore& channel_store, int64_t head, const HubOptions& options,
                 Executor& wakers, Executor& fetchers, std::function<void(bool)> on_writable);

  ChannelStore& store;
  Feed feed;
  Fetcher fetcher;  // of what other processes commit
  AllLookUps look_ups;
  Counter read_errors;  // reads that the store has failed
  Writer writer;        // last: its thread uses the others
};

class Hub {
 public:
  // `store` and `wakers` outlive the hub.
  Hub(Store& store, HubOptions options, Executor& wakers);
  ~Hub();

  // Opens the channel unless it is open. Reads the store; fails as it does.
  Result<void> Open(const std::string& channel);

  // nullptr: not open. Good until the hub is destroyed.
  ChannelRuntime* Find(const std::string& channel) const;

  // The open channels with their names, in order. Good as with Find.
  std::vector<std::pair<std::string, ChannelRuntime*>> All() const;

  // The channels that were there at the start are open: until then the store does not count as writable.
  void SetOpened();

  // Ends all feeds: followers are woken and told so.
  void CloseFeeds();

  // Runs what the writers have queued; later commands are refused.
  void StopWriters();

 private:
  static constexpr size_t kFetchers = 2;

  void SetWritable(bool writable);
  void SetAvailable(bool available);
  // Requires writable_mutex_.
  void Report();
  // Another process has committed to a channel.
  void Publish(const std::string& channel, const Head& head);

  Store& store_;
  const HubOptions options_;
  Executor& wakers_;
  std::mutex writable_mutex_;
  // Guarded by writable_mutex_:
  int unwritable_ = 0;  // channels whose store does not take writes
  bool available_ = true;
  bool opened_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<ChannelRuntime>, std::less<>> channels_;  // guarded by mutex_
  std::map<std::string, int64_t, std::less<>> early_heads_;  // of channels that are being opened; guarded by mutex_
  Executor fetchers_{kFetchers, kMaxChannels};               // last: its jobs use the channels
};

}  // namespace orc
