#include "server/profiles.h"

#include <dlfcn.h>
#include <gperftools/malloc_extension.h>
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

// nullptr unless tcmalloc was loaded before the program.
MallocExtension* FindTcmalloc() {
  using Instance = MallocExtension* (*)();
  const auto instance = reinterpret_cast<Instance>(dlsym(RTLD_DEFAULT, "_ZN15MallocExtension8instanceEv"));
  return instance == nullptr ? nullptr : instance();
}

std::string ReadAll(int file) {
  std::string content;
  char buffer[65536];
  for (off_t at = 0;;) {
    const ssize_t got = pread(file, buffer, sizeof buffer, at);
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
  // gperftools writes files only, and the process may have no folder to write to.
  const int file = memfd_create("profile", MFD_CLOEXEC);
  if (file < 0 || ProfilerStart(("/proc/self/fd/" + std::to_string(file)).c_str()) == 0) {
    if (file >= 0) close(file);
    return {500, "the profiler does not start\n"};
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!request.stopping && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ProfilerStop();
  HttpAnswer answer{200, ReadAll(file), kBytes};
  close(file);
  return answer;
}

HttpAnswer HeapProfile() {
  MallocExtension* const tcmalloc = FindTcmalloc();
  if (tcmalloc == nullptr) {
    return {501,
            "for heap profiles, start the server with LD_PRELOAD=libtcmalloc.so.4 and "
            "TCMALLOC_SAMPLE_PARAMETER=524288\n"};
  }
  std::string sample;
  tcmalloc->GetHeapSample(&sample);
  return {200, std::move(sample), kBytes};
}

}  // namespace orc
