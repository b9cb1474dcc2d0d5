// Calls in a closed loop, and figures: one JSON object per line on standard output, for the runner (bench/run.py).
//   {"begin": scenario, "size": n}   before the clock starts: the runner looks at the server's processor time now
//   {"scenario", "size", "size_of",  what was measured, at which size, and what the size counts
//    "value", "unit",                the figure
//    "seconds", "count",             how long it took, and for how many of what the unit counts (calls, tasks, events)
//    "calls", "failures", "p50_ms", "p99_ms", "p999_ms", "max_ms",
//    "in_flight", "request_bytes", "response_bytes",  what a bare gRPC server has to be asked for comparison; means
//    "client_cpu_s"}                 processor time of the generator itself
// Not thread-safe.
#pragma once

#include <functional>
#include <string>

#include "histogram.h"
#include "loop.h"

namespace bench {

struct Outcome {
  size_t in_flight = 1;
  double seconds = 0;
  size_t calls = 0;  // that were made, failures among them
  size_t failures = 0;
  size_t request_bytes = 0;  // of all
  size_t response_bytes = 0;
  Histogram latencies;
};

// Makes the calls `next(0)`, `next(1)`, ..., `in_flight` at any time, until `count` have been made or `most_seconds`
// are over. `on_reply` sees each answer before the call that follows is made. The first failure's text goes to standard
// error.
Outcome Run(const Caller& caller, size_t in_flight, size_t count, double most_seconds,
            const std::function<Call(size_t)>& next, const std::function<void(const Reply&)>& on_reply = {});

// A figure in the making: the clock runs from the constructor to the Print.
class Measurement {
 public:
  Measurement(std::string scenario, size_t size, std::string size_of);

  // The time so far.
  double Seconds() const { return SecondsSince(started_); }
  // `count` per second of the outcome.
  void PrintRate(const char* unit, size_t count, const Outcome& outcome) const;
  void Print(double value, const char* unit, size_t count, const Outcome& outcome) const;

 private:
  const std::string scenario_;
  const size_t size_;
  const std::string size_of_;
  double client_cpu_s_ = 0;
  Clock::time_point started_;
};

}  // namespace bench
