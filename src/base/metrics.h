// What rooms count about themselves: numbers that any thread may add to at the cost of an atomic operation or two, and
// that the server's metrics page reads when it is asked for. Names, labels and help texts are the page's business
// (server/metrics_page.h); a room only knows what it counts.
//
// The numbers that Prometheus's own client library keeps would take a lock for each observation of a histogram, on
// threads that must not wait; so that library is used for the page alone. Thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace orc {

// Only grows.
class Counter {
 public:
  void Add(int64_t more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  int64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// How many observations were at most each of `bounds`, which are in ascending order and outlive the histogram.
class Histogram {
 public:
  static constexpr size_t kMaxBounds = 16;

  explicit Histogram(std::span<const double> bounds) : bounds_(bounds.first(std::min(bounds.size(), kMaxBounds))) {}

  void Observe(double value) {
    size_t bucket = 0;
    while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
    counts_[bucket].Add();
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  std::span<const double> Bounds() const { return bounds_; }
  // Observations in bucket i alone; those above all bounds are in bucket Bounds().size().
  int64_t Count(size_t bucket) const { return counts_[bucket].Value(); }
  double Sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::span<const double> bounds_;
  std::array<Counter, kMaxBounds + 1> counts_;
  std::atomic<double> sum_{0};
};

// Seconds of a call.
inline constexpr std::array kSecondsBounds = {.005, .01, .025, .05, .1, .25, .5, 1.0, 2.5, 5.0, 10.0};
// Things handled together.
inline constexpr std::array kSizeBounds = {5.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 5000.0, 10000.0};

// A file, or a folder of files, that is followed while the server runs.
struct FollowedFile {
  Counter failures;                  // contents that were refused
  std::atomic<bool> refused{false};  // whether what is in force is older than what is on disk, because that is not good
  void Judged(bool good) {
    refused = !good;
    if (!good) failures.Add();
  }
};

}  // namespace orc
