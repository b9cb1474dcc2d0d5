#include "measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace bench {
namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Outcome Run(const Caller& caller, size_t in_flight, size_t count, double most_seconds,
            const std::function<Call(size_t)>& next, const std::function<void(const Reply&)>& on_reply) {
  Loop loop;
  Outcome outcome;
  outcome.in_flight = in_flight;
  size_t under_way = 0;
  const auto started = Clock::now();
  const std::function<void()> start_one = [&] {
    if (outcome.calls == count || SecondsSince(started) > most_seconds) return;
    const Call call = next(outcome.calls++);
    outcome.request_bytes += call.request.Length();
    ++under_way;
    loop.Start(caller, call, [&](Reply& reply) {
      --under_way;
      outcome.latencies.Add(reply.latency_ms);
      outcome.response_bytes += reply.response.Length();
      if (!reply.status.ok() && outcome.failures++ == 0) {
        std::fprintf(stderr, "%s\n", reply.status.error_message().c_str());
      }
      if (on_reply) on_reply(reply);
      start_one();
    });
  };
  for (size_t i = 0; i < in_flight; ++i) start_one();
  loop.RunWhile([&] { return under_way > 0; });
  outcome.seconds = SecondsSince(started);
  return outcome;
}

Measurement::Measurement(std::string scenario, size_t size, std::string size_of)
    : scenario_(std::move(scenario)), size_(size), size_of_(std::move(size_of)) {
  std::printf("{\"begin\":\"%s\",\"size\":%zu}\n", scenario_.c_str(), size_);
  std::fflush(stdout);
  client_cpu_s_ = CpuSeconds();
  started_ = Clock::now();
}

void Measurement::PrintRate(const char* unit, size_t count, const Outcome& outcome) const {
  Print(static_cast<double>(count) / outcome.seconds, unit, count, outcome);
}

void Measurement::Print(double value, const char* unit, size_t count, const Outcome& outcome) const {
  const size_t calls = std::max<size_t>(outcome.calls, 1);
  const Histogram& latencies = outcome.latencies;
  std::printf(R"({"scenario":"%s","size":%zu,"size_of":"%s","value":%.6g,"unit":"%s","seconds":%.6f,"count":%zu,)"
              R"("calls":%zu,"failures":%zu,"p50_ms":%.4g,"p99_ms":%.4g,"p999_ms":%.4g,"max_ms":%.4g,)"
              R"("in_flight":%zu,"request_bytes":%zu,"response_bytes":%zu,"client_cpu_s":%.3f})"
              "\n",
              scenario_.c_str(), size_, size_of_.c_str(), value, unit, Seconds(), count, outcome.calls,
              outcome.failures, latencies.Percentile(0.5), latencies.Percentile(0.99), latencies.Percentile(0.999),
              latencies.max_ms(), outcome.in_flight, outcome.request_bytes / calls, outcome.response_bytes / calls,
              CpuSeconds() - client_cpu_s_);
  std::fflush(stdout);
}

}  // namespace bench
