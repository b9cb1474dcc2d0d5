#include "server/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace orc {
namespace {

using prometheus::MetricType;

// What follows `field` in a file of lines `<field> <number>...`.
std::optional<double> NumberAfter(const char* path, std::string_view field) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    double number = 0;
    if (line.starts_with(field) && std::istringstream(line.substr(field.size())) >> number) return number;
  }
  return std::nullopt;
}

// The fields of /proc/self/stat from the third on; the second may hold anything, in parentheses.
std::vector<double> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::string state;
  rest >> state;
  std::vector<double> fields{0};
  for (double field = 0; rest >> field;) fields.push_back(field);
  return fields;
}

double Limit(int resource) {
  rlimit limit{};
  getrlimit(resource, &limit);
  return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(limit.rlim_cur);
}

std::optional<double> OpenFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error)) {
    ++count;
  }
  if (error) return std::nullopt;
  return count - 1;  // the one that looks
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessFamilies() {
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&](MetricType type, const char* name, const char* help, std::optional<double> value) {
    if (!value) return;
    prometheus::ClientMetric metric;
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = *value;
    families.push_back({name, help, type, {metric}});
  };
  // Numbers of fields as in proc(5), less the three that StatFields starts after.
  constexpr size_t kUserTicks = 14 - 3, kSystemTicks = 15 - 3, kStartTicks = 22 - 3, kVirtualBytes = 23 - 3,
                   kResidentPages = 24 - 3;
  const std::vector<double> stat = StatFields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto field = [&](size_t number) { return number < stat.size() ? std::optional(stat[number]) : std::nullopt; };
  const auto scaled = [](std::optional<double> value, double factor) {
    return value ? std::optional(*value * factor) : std::nullopt;
  };
  const std::optional<double> boot = NumberAfter("/proc/stat", "btime ");
  std::optional<double> cpu;
  if (field(kUserTicks)) cpu = (*field(kUserTicks) + field(kSystemTicks).value_or(0)) / ticks;
  std::optional<double> started;
  if (boot && field(kStartTicks)) started = *boot + *field(kStartTicks) / ticks;

  add(MetricType::Counter, "process_cpu_seconds_total", "Processor time used, of user and system.", cpu);
  add(MetricType::Gauge, "process_open_fds", "Open file descriptors.", OpenFiles());
  add(MetricType::Gauge, "process_max_fds", "File descriptors that the process may have open.", Limit(RLIMIT_NOFILE));
  add(MetricType::Gauge, "process_virtual_memory_bytes", "Address space in use.", field(kVirtualBytes));
  add(MetricType::Gauge, "process_virtual_memory_max_bytes", "Address space that the process may use.",
      Limit(RLIMIT_AS));
  add(MetricType::Gauge, "process_resident_memory_bytes", "Memory held.",
      scaled(field(kResidentPages), static_cast<double>(sysconf(_SC_PAGESIZE))));
  add(MetricType::Gauge, "process_start_time_seconds", "When the process was started, since unix epoch.", started);
  add(MetricType::Gauge, "process_threads", "Threads.", NumberAfter("/proc/self/status", "Threads:"));
  return families;
}

}  // namespace orc
