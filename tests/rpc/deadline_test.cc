#include <gtest/gtest.h>

#include "rpc/calls.h"

namespace orc {
namespace {

using namespace std::chrono_literals;
using Wall = std::chrono::system_clock;

TEST(ToDeadline, KeepsTheTimeThatIsLeft) {
  for (const auto left : {-5s, 0s, 3s, 86'400s}) {
    const auto before = std::chrono::steady_clock::now();
    const Deadline deadline = ToDeadline(Wall::now() + left);
    const auto after = std::chrono::steady_clock::now();
    // The clock on the wall is read twice, before and after.
    EXPECT_GE(deadline, before + left - 1s);
    EXPECT_LE(deadline, after + left + 1s);
  }
}

TEST(ToDeadline, OneThatCannotBeIsNone) {
  EXPECT_EQ(ToDeadline(Wall::time_point::max()), kNoDeadline);
  EXPECT_EQ(ToDeadline(Wall::time_point::min()), kNoDeadline);
  EXPECT_EQ(ToDeadline(Wall::time_point(-7'427'983'174'190'970'235ns)), kNoDeadline);  // `grpc-timeout: 2562047H`
  EXPECT_EQ(ToDeadline(Wall::now() - 2h), kNoDeadline);
}

}  // namespace
}  // namespace orc
