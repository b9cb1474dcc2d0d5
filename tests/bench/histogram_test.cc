#include "bench/histogram.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(Histogram, SaysNothingOfNothing) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.Percentile(0.5), 0);
  EXPECT_EQ(histogram.max_ms(), 0);
}

// A percentile is at most one part in 32 above the value that it stands for, from a microsecond to an hour.
TEST(Histogram, PercentilesAreNarrow) {
  for (double ms = 0.05; ms < 3'600'000; ms *= 1.37) {
    Histogram histogram;
    for (int i = 0; i < 99; ++i) histogram.Add(ms);
    histogram.Add(ms * 10);
    EXPECT_GE(histogram.Percentile(0.5), ms);
    EXPECT_LE(histogram.Percentile(0.5), ms * 33 / 32 + 0.001);
    EXPECT_EQ(histogram.Percentile(0.5), histogram.Percentile(0.99));
    EXPECT_DOUBLE_EQ(histogram.Percentile(1), ms * 10);
  }
}

TEST(Histogram, SharesAreOfTheWhole) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.Add(i);
  EXPECT_NEAR(histogram.Percentile(0.1), 100, 4);
  EXPECT_NEAR(histogram.Percentile(0.5), 500, 16);
  EXPECT_NEAR(histogram.Percentile(0.999), 999, 32);
  EXPECT_EQ(histogram.max_ms(), 1000);
}

TEST(Histogram, AddsUp) {
  Histogram one;
  Histogram other;
  one.Add(1);
  other.Add(100);
  other.Add(1e12);  // more than the last bucket reaches
  one.Add(other);
  EXPECT_EQ(one.count(), 3U);
  EXPECT_NEAR(one.Percentile(0.3), 1, 0.04);
  EXPECT_NEAR(one.Percentile(0.6), 100, 4);
  EXPECT_EQ(one.max_ms(), 1e12);
}

}  // namespace
}  // namespace bench
