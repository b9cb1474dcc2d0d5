#include "domain/key.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "tests/domain/support.h"

namespace orc {
namespace {

TEST(Key, behaviour_4_1_forms) {
  const struct {
    const char* text;
    bool canonical;
    bool any;
  } rows[] = {
      {"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", true, true},
      {"00000000-0000-0000-0000-000000000000", true, true},
      {"0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0", false, true},
      {"0f1e2d3c-4b5a-6978-8796-A5b4c3d2e1f0", false, true},
      {"0f1e2d3c4b5a69788796a5b4c3d2e1f0", false, true},
      {"0F1E2D3C4B5A69788796A5B4C3D2E1F0", false, true},
      {"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}", false, true},
      {"", false, false},
      {"x", false, false},
      {"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f", false, false},
      {"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f00", false, false},
      {"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fg", false, false},
      {"0f1e2d3c_4b5a-6978-8796-a5b4c3d2e1f0", false, false},
      {"0f1e2d3c4-b5a-6978-8796-a5b4c3d2e1f0", false, false},
      {"0f1e2d3c4b5a69788796a5b4c3d2e1f-", false, false},
      {"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", false, false},
      {"(0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0)", false, false},
      {" 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 ", false, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Key::FromCanonical(row.text).has_value(), row.canonical) << row.text;
    EXPECT_EQ(Key::FromAnyForm(row.text).has_value(), row.any) << row.text;
  }
}

TEST(Key, behaviour_4_1_forms_denote_one_key) {
  const Key key = *Key::FromCanonical(kKey);
  EXPECT_EQ(key.ToString(), kKey);
  EXPECT_EQ(Key::FromAnyForm("0F1E2D3C4B5A69788796A5B4C3D2E1F0"), key);
  EXPECT_EQ(Key::FromAnyForm("{0F1E2D3C-4b5a-6978-8796-a5b4c3d2e1f0}"), key);
  EXPECT_EQ(Key::FromRaw(key.Raw()), key);
  EXPECT_EQ(key.Raw().size(), 16U);
}

Key ArbitraryKey() {
  Key key;
  for (uint8_t& byte : key.bytes) byte = *rc::gen::arbitrary<uint8_t>();
  return key;
}

RC_GTEST_PROP(Key, behaviour_4_3_order_is_that_of_the_text, ()) {
  const Key a = ArbitraryKey();
  const Key b = ArbitraryKey();
  RC_ASSERT((a < b) == (a.ToString() < b.ToString()));
  RC_ASSERT(Key::FromCanonical(a.ToString()) == a);
  RC_ASSERT(KeyHash{}(a) == KeyHash{}(Key::FromRaw(a.Raw())));
}

}  // namespace
}  // namespace orc
