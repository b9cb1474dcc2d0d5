// The data folder: its lock and its file names (sqlite_store.h shows the layout).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "domain/error.h"

namespace orc::sqlite {

// Creates the folder and those above it, durably. Fails with kUnavailable.
Result<void> CreateFolder(const std::filesystem::path& folder);

// `<name>.db` for a channel: distinct names give distinct files, of at most 200 bytes.
std::string ChannelFileName(std::string_view channel);

// Holds a folder for this process until it is destroyed; the kernel lets go when the process ends in any way.
class FolderLock {
 public:
  // Fails with kUnavailable when another Store, of this process or another, holds the folder.
  static Result<FolderLock> Take(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;  // of the lock file; -1 after a move
};

}  // namespace orc::sqlite
