// The channel file as a live source: read at the start, then followed, so that channels and organizations come and go
// without a restart.
//
// The file is compared by content, not by time or inode, because Kubernetes swaps symbolic links. A new content counts
// once two readings in a row find it: an editor that writes in place is not caught half-way. A content that is not
// valid is refused with one error record, and the state before it stays in force; so it is when the file cannot be
// read. A valid one takes effect for the calls that begin afterwards and is logged with what it changed.
// Owns the directory and one thread; destroying it ends the thread. Directory() and metrics() are thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/metrics.h"
#include "domain/error.h"
#include "rpc/channel_directory.h"
#include "rpc/settled.h"

namespace orc {

class ChannelFile {
 public:
  // Reads the file and begins to follow it, one reading each `poll`. Failure (kRefused): the file cannot be read or is
  // not valid; the text names it and the reason.
  static Result<std::unique_ptr<ChannelFile>> Open(std::string path,
                                                   std::chrono::milliseconds poll = std::chrono::seconds(1));
  ~ChannelFile();

  const ChannelDirectory& Directory() const { return directory_; }
  const FollowedFile& metrics() const { return metrics_; }

 private:
  ChannelFile(std::string path, std::string content, Channels initial, std::chrono::milliseconds poll);

  void Follow(const std::stop_token& stop);
  void Poll();
  void Adopt(const Result<std::string>& content);

  const std::string path_;
  const std::chrono::milliseconds poll_;
  ChannelDirectory directory_;
  Settled<std::string> content_;  // the follower's own
  FollowedFile metrics_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread follower_;  // last: it uses all of the above
};

}  // namespace orc
