#include "store/sqlite/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "store/sha256.h"
#include "store/sqlite/sqlite_store.h"

namespace orc::sqlite {
namespace {

constexpr size_t kMaxEscapedBytes = 190;
constexpr size_t kKeptBytes = 120;  // of a name that is too long; 64 digits follow

tl::unexpected<Error> Unusable(const std::filesystem::path& path, int error) {
  return Fail(ErrorKind::kUnavailable, "storage is not available: " + path.string() + ": " +
                                           std::generic_category().message(error) + "; try again later");
}

// The entries of a folder last only once the folder itself is synced.
Result<void> SyncFolder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Unusable(folder, errno);
  const int error = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  if (error != 0) return Unusable(folder, error);
  return {};
}

bool IsPlain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// ` (process 123)`; empty when the file does not tell.
std::string Holder(int descriptor) {
  char text[16] = {};
  const ssize_t size = pread(descriptor, text, sizeof text - 1, 0);
  if (size <= 0) return {};
  const std::string digits(text, std::strspn(text, "0123456789"));
  return digits.empty() ? digits : " (process " + digits + ")";
}

}  // namespace

Result<void> CreateFolder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return {};
  const std::filesystem::path above = std::filesystem::absolute(folder, error).parent_path();
  if (error) return Unusable(folder, error.value());
  if (above != folder) ORC_TRY(CreateFolder(above));
  std::filesystem::create_directory(folder, error);
  if (error) return Unusable(folder, error.value());
  return SyncFolder(above);
}

std::string ChannelFileName(std::string_view channel) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string name;
  for (const char c : channel) {
    if (IsPlain(c)) {
      name.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    name.append({'%', kDigits[byte >> 4], kDigits[byte & 0xF]});
  }
  if (name.size() > kMaxEscapedBytes) name = name.substr(0, kKeptBytes) + "~" + Sha256Hex(channel);
  return name + ".db";
}

Result<FolderLock> FolderLock::Take(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return Unusable(path, errno);
  FolderLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Unusable(path, errno);
    return Fail(ErrorKind::kUnavailable, "the data folder " + folder.string() + " is in use by another orchestrator" +
                                             Holder(descriptor) + "; stop it or choose another folder");
  }
  const std::string text = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor, 0) != 0) return Unusable(path, errno);
  if (pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return Unusable(path, errno);
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace orc::sqlite

namespace orc {

Result<SqliteFolderFacts> InspectSqliteFolder(const std::filesystem::path& folder) {
  SqliteFolderFacts facts;
  std::error_code error;
  facts.exists = std::filesystem::is_directory(folder, error);
  std::filesystem::path nearest = std::filesystem::absolute(folder, error);
  while (!std::filesystem::exists(nearest, error) && nearest.has_relative_path()) nearest = nearest.parent_path();
  if (!std::filesystem::is_directory(nearest, error)) return sqlite::Unusable(nearest, ENOTDIR);
  if (faccessat(AT_FDCWD, nearest.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    return sqlite::Unusable(nearest, errno);
  }
  const std::filesystem::space_info space = std::filesystem::space(nearest, error);
  if (error) return sqlite::Unusable(nearest, error.value());
  facts.free_bytes = space.available;
  for (std::filesystem::directory_iterator entry(folder / "channels", error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".db") ++facts.channels;
  }
  const int descriptor = open((folder / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return facts;
  facts.in_use = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (facts.in_use) facts.holder = sqlite::Holder(descriptor);
  close(descriptor);
  return facts;
}

}  // namespace orc
