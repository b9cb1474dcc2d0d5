#include "server/profiles.h"

#include <dlfcn.h>
#include <gperftools/profiler.h>
#include <sys/mman.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <mutex>
#include <thread>

namespace orc {
namespace {

constexpr int kDefaultSeconds = 10;
constexpr const char* kBytes = "application/octet-stream";

// The seconds asked for, 0 if they are not good.
int SecondsOf(const HttpRequest& request) {
  const auto given = request.parameters.find("seconds");
  if (given == request.parameters.end()) return kDefaultSeconds;
  int seconds = 0;
  const std::string& text = given->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool good = error == std::errc{} && end == text.data() + text.size();
  return good && seconds > 0 && seconds <= kMaxProfileSeconds ? seconds : 0;
}

// jemalloc's interface; nullptr if the process has another allocator.
using Control = int (*)(const char* name, void* old_value, size_t* old_size, void* new_value, size_t new_size);
Control FindJemalloc() {
  return reinterpret_cast<Control>(dlsym(RTLD_DEFAULT, "mallctl"));
}

bool TakesSamples(Control control) {
  bool on = false;
  size_t size = sizeof on;
  return control != nullptr && control("opt.prof", &on, &size, nullptr, 0) == 0 && on;
}

// A file in memory: the tools write files only, and the process may have no folder to write to.
class MemoryFile {
 public:
  MemoryFile() : file_(memfd_create("profile", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(file_)) {}
  ~MemoryFile() {
    if (file_ >= 0) close(file_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool IsOpen() const { return file_ >= 0; }
  const char* path() const { return path_.c_str(); }
  std::string Content() const;

 private:
  const int file_;
  const std::string path_;
};

std::string MemoryFile::Content() const {
  std::string content;
  char buffer[65536];
  for (off_t at = 0;;) {
    const ssize_t got = pread(file_, buffer, sizeof buffer, at);
    if (got <= 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    at += got;
  }
}

}  // namespace

HttpAnswer CpuProfile(const HttpRequest& request) {
  const int seconds = SecondsOf(request);
  if (seconds == 0) {
    return {400, "seconds: a whole number from 1 to " + std::to_string(kMaxProfileSeconds) + " is wanted\n"};
  }
  static std::mutex one_at_a_time;
  const std::unique_lock lock(one_at_a_time, std::try_to_lock);
  if (!lock) return {409, "a profile is being taken; try again later\n"};
  const MemoryFile file;
  if (!file.IsOpen() || ProfilerStart(file.path()) == 0) return {500, "the profiler does not start\n"};
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!request.stopping && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ProfilerStop();
  return {200, file.Content(), kBytes};
}

HttpAnswer HeapProfile() {
  const Control control = FindJemalloc();
  if (!TakesSamples(control)) return {501, "for heap profiles, start the server with MALLOC_CONF=prof:true\n"};
  const MemoryFile file;
  const char* path = file.path();
  if (!file.IsOpen() || control("prof.dump", nullptr, nullptr, &path, sizeof path) != 0) {
    return {500, "the allocator writes no profile\n"};
  }
  return {200, file.Content(), kBytes};
}

}  // namespace orc
