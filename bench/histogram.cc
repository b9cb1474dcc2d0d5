#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bench {

// Microseconds below 2 * kSteps have a bucket each; above, kSteps buckets share each power of two.
size_t Histogram::BucketOf(double ms) {
  const auto us = static_cast<uint64_t>(std::max(0.0, ms * 1000));
  if (us < 2 * kSteps) return us;
  const auto shift = static_cast<size_t>(std::bit_width(us)) - std::bit_width(kSteps);
  return std::min(kBuckets - 1, shift * kSteps + (us >> shift));
}

double Histogram::UpperEdgeMs(size_t bucket) {
  if (bucket < 2 * kSteps) return static_cast<double>(bucket + 1) / 1000;
  const size_t shift = bucket / kSteps - 1;
  return std::ldexp(static_cast<double>(bucket - shift * kSteps + 1), static_cast<int>(shift)) / 1000;
}

void Histogram::Add(double ms) {
  ++counts_[BucketOf(ms)];
  ++count_;
  max_ms_ = std::max(max_ms_, ms);
}

void Histogram::Add(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ms_ = std::max(max_ms_, other.max_ms_);
}

double Histogram::Percentile(double share) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (counts_[i] > 0 && seen >= wanted) return std::min(UpperEdgeMs(i), max_ms_);
  }
  return 0;
}

}  // namespace bench
