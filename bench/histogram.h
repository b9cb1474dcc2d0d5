// Latencies of any number of calls in bounded memory: buckets that grow with the value, each at most 1/32 wide of it.
// From 1 microsecond to more than an hour; what lies outside counts in the outermost bucket. Thread-compatible.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bench {

class Histogram {
 public:
  void Add(double ms);
  void Add(const Histogram& other);

  uint64_t count() const { return count_; }
  double max_ms() const { return max_ms_; }
  // The value that `share` (0 to 1) of all do not exceed, as far as buckets tell; 0 when there is none.
  double Percentile(double share) const;

 private:
  static constexpr size_t kSteps = 32;  // per power of two
  static constexpr size_t kBuckets = 32 * kSteps;
  static size_t BucketOf(double ms);
  static double UpperEdgeMs(size_t bucket);

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t count_ = 0;
  double max_ms_ = 0;
};

}  // namespace bench
