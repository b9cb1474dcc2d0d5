#include "rpc/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace orc {
namespace {

Result<std::string> ReadAll(int fd, size_t max_bytes) {
  struct stat about = {};
  if (fstat(fd, &about) != 0) return Fail(ErrorKind::kRefused, std::strerror(errno));
  if (!S_ISREG(about.st_mode)) return Fail(ErrorKind::kRefused, "not a regular file");
  std::string content(max_bytes + 1, '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = read(fd, content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(ErrorKind::kRefused, std::strerror(errno));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > max_bytes) return Fail(ErrorKind::kRefused, "larger than " + std::to_string(max_bytes >> 20) + " MiB");
  content.resize(size);
  content.shrink_to_fit();
  return content;
}

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path, size_t max_bytes) {
  // Without O_NONBLOCK the open of a named pipe would wait for a writer.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Fail(ErrorKind::kRefused, std::strerror(errno));
  Result<std::string> content = ReadAll(fd, max_bytes);
  close(fd);
  return content;
}

}  // namespace orc
