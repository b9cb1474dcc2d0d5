// Which organizations may act in which channels: the channel file (deployment.md 2.3) and its live state.
//
// Channels is an immutable value. ChannelDirectory holds the current one; it is thread-safe, and a reader keeps the
// snapshot it took. Being listed is admission only: it registers nobody (behaviour.md section 2).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "domain/error.h"

namespace orc {

// Bounds of a channel file. The last one counts list entries, so that YAML aliases cannot make a small file huge.
inline constexpr size_t kMaxChannelFileBytes = 4 << 20;
inline constexpr size_t kMaxChannels = 1'000;
inline constexpr size_t kMaxNameCharacters = 100;  // of a channel name, of an organization id
inline constexpr size_t kMaxMemberships = 100'000;

struct Channels {
  using Members = std::set<std::string, std::less<>>;
  std::map<std::string, Members, std::less<>> members;  // channel name -> organization ids
  Members organizations;                                // every organization of at least one channel
};

// Reads the text of a channel file. Unknown keys of the document are ignored; scalars that look like numbers or
// booleans are text; `channels` missing or null means no channel, a channel without list means a channel without
// members. Failure (kRefused): not YAML, another shape, a name that is empty or too long, a channel named twice, a
// bound exceeded; the text says which.
Result<Channels> ParseChannels(std::string_view yaml);

// The bytes of the regular file at `path` (symbolic links are followed). Failure (kRefused): it cannot be read, is not
// a regular file or is larger than kMaxChannelFileBytes; the text names the file and the reason.
Result<std::string> ReadChannelFile(const std::string& path);

// ParseChannels with the name of the file in the text of a failure.
Result<Channels> ParseChannelFile(const std::string& path, const std::string& content);

class ChannelDirectory {
 public:
  explicit ChannelDirectory(Channels initial) : current_(std::make_shared<const Channels>(std::move(initial))) {}

  std::shared_ptr<const Channels> Current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

  void Replace(Channels next) {
    auto shared = std::make_shared<const Channels>(std::move(next));
    const std::lock_guard lock(mutex_);
    current_.swap(shared);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Channels> current_;
};

}  // namespace orc
