#include "domain/event_id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "domain/key.h"
#include "tests/domain/support.h"

namespace orc {
namespace {

constexpr int64_t kNow = 1'700'000'000'123'456;

TEST(EventId, form) {
  const std::string id = MakeEventId(kNow, 1, 0xDEADBEEF);
  ASSERT_TRUE(Key::FromCanonical(id));
  EXPECT_EQ(id, "018bcfe5-687b-7000-8000-0001deadbeef");
}

TEST(EventId, order_is_that_of_positions) {
  std::string last;
  int64_t timestamp = kNow;
  for (const int64_t position : {int64_t{1}, int64_t{2}, int64_t{255}, int64_t{256}, (int64_t{1} << 30) - 1,
                                 int64_t{1} << 30, (int64_t{1} << 30) + 1, kPositionEnd - 1}) {
    // Random parts that fall, so that they alone would give the opposite order.
    const std::string id = MakeEventId(timestamp, position, 0xFFFFFFFFU - static_cast<uint32_t>(position));
    EXPECT_LT(last, id);
    last = id;
  }
  EXPECT_LT(MakeEventId(kNow, 9, 9), MakeEventId(kNow + 1000, 1, 1));
}

TEST(EventId, other_makes_have_no_position) {
  for (const char* id : {"", "x", kKey, "018bcfe5-687b-4000-8000-0001deadbeef", "018bcfe5-687b-7000-4000-0001deadbeef",
                         "018BCFE5-687b-7000-8000-0001deadbeef", "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_EQ(PositionInEventId(id), std::nullopt) << id;
  }
}

RC_GTEST_PROP(EventId, round_trip, ()) {
  const auto position = *rc::gen::inRange<int64_t>(1, kPositionEnd);
  const auto timestamp = *rc::gen::inRange<int64_t>(0, int64_t{1} << 57);
  const auto random = *rc::gen::arbitrary<uint32_t>();
  RC_ASSERT(PositionInEventId(MakeEventId(timestamp, position, random)) == position);
}

}  // namespace
}  // namespace orc
