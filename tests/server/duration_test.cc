#include "server/duration.h"

#include <gtest/gtest.h>

namespace orc {
namespace {

using std::chrono::nanoseconds;

TEST(ParseGoDuration, TakesWhatGoTakes) {
  const std::pair<const char*, int64_t> cases[] = {
      {"0", 0},
      {"0s", 0},
      {"+0", 0},
      {"-0", 0},
      {"500ms", 500'000'000},
      {"1s", 1'000'000'000},
      {"1m30s", 90'000'000'000},
      {"1.5h", 5'400'000'000'000},
      {"2h45m10.5s", 9'910'500'000'000},
      {"5ns", 5},
      {"5us", 5'000},
      {"5\u00B5s", 5'000},
      {"5\u03BCs", 5'000},
      {".5s", 500'000'000},
      {"5.s", 5'000'000'000},
      {"-1.5s", -1'500'000'000},
      {"+5s", 5'000'000'000},
      {"0.3s", 300'000'000},
      {"0.000000001s", 1},
      {"0.1000000000000000000001s", 100'000'000},
      {"1s1s", 2'000'000'000},
      {"2540400h10m10.000000000s", 9'145'440'610'000'000'000},
      {"9223372036854775807ns", INT64_MAX},
      {"-9223372036854775808ns", INT64_MIN},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(ParseGoDuration(text), nanoseconds(expected)) << text;
  }
}

TEST(ParseGoDuration, RefusesTheRest) {
  for (const char* text : {"",
                           "1",
                           "s",
                           ".",
                           "-",
                           "+",
                           "-.",
                           ".s",
                           "+.s",
                           "1d",
                           "1S",
                           "1 s",
                           " 1s",
                           "1s ",
                           "1m 30s",
                           "--1s",
                           "1ms1",
                           "1e3s",
                           "0x1s",
                           "1.2.3s",
                           "9223372036854775808ns",
                           "-9223372036854775809ns",
                           "9223372037s",
                           "3000000h",
                           "99999999999999999999s",
                           "9000000000s9000000000s",
                           "\xC2s",
                           "abc"}) {
    EXPECT_EQ(ParseGoDuration(text), std::nullopt) << text;
  }
}

TEST(GoDuration, PrintsAsGoDoes) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "0s"},
      {1, "1ns"},
      {1'100, "1.1µs"},
      {2'200'000, "2.2ms"},
      {3'300'000'000, "3.3s"},
      {60'000'000'000, "1m0s"},
      {245'000'000'000, "4m5s"},
      {245'001'000'000, "4m5.001s"},
      {18'367'001'000'000, "5h6m7.001s"},
      {-1'500'000'000, "-1.5s"},
      {INT64_MAX, "2562047h47m16.854775807s"},
      {INT64_MIN, "-2562047h47m16.854775808s"},
  };
  for (const auto& [count, expected] : cases) {
    EXPECT_EQ(GoDuration(nanoseconds(count)), expected);
    EXPECT_EQ(ParseGoDuration(expected), nanoseconds(count));
  }
}

TEST(ParseGoBool, TakesTheTwelveFormsOnly) {
  for (const char* text : {"1", "t", "T", "TRUE", "true", "True"}) EXPECT_EQ(ParseGoBool(text), true) << text;
  for (const char* text : {"0", "f", "F", "FALSE", "false", "False"}) EXPECT_EQ(ParseGoBool(text), false) << text;
  for (const char* text : {"", "yes", "no", "on", "tRUE", "2", "-1", " true", "true "}) {
    EXPECT_EQ(ParseGoBool(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace orc
