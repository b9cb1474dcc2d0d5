#include "domain/text.h"

#include <gtest/gtest.h>

#include <string>

#include "domain/error.h"

namespace orc {
namespace {

TEST(Text, behaviour_0_quote) {
  const struct {
    std::string text;
    std::string quoted;
  } rows[] = {
      {"", R"("")"},
      {"plain text", R"("plain text")"},
      {R"(a"b\c)", R"("a\"b\\c")"},
      {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")"},
      {std::string("\0\x01\x1f\x7f", 4), R"("\x00\x01\x1f\x7f")"},
      {"é 漢 😀", R"("é 漢 😀")"},
      {"\u00A0\u200B\u2028\uFEFF", R"("\u00a0\u200b\u2028\ufeff")"},
      {"\U000E0001\U0010FFFF", R"("\U000e0001\U0010ffff")"},
      {"a\xFFz\xC3", R"("a\xffz\xc3")"},
      {"\xC0\xAF\xED\xA0\x80", R"("\xc0\xaf\xed\xa0\x80")"},
  };
  for (const auto& row : rows) EXPECT_EQ(Quote(row.text), row.quoted);
}

TEST(Text, behaviour_3_4_characters) {
  EXPECT_EQ(CountCharacters(""), 0U);
  EXPECT_EQ(CountCharacters("abc"), 3U);
  EXPECT_EQ(CountCharacters("é漢😀"), 3U);
}

TEST(Text, behaviour_3_1_codes) {
  const struct {
    ErrorKind kind;
    const char* text;
  } rows[] = {
      {ErrorKind::kNotFound, "OE0002: m"},
      {ErrorKind::kBadRequest, "OE0003: m"},
      {ErrorKind::kConflict, "OE0006: m"},
      {ErrorKind::kInternal, "OE0007: m"},
      {ErrorKind::kUnimplemented, "OE0010: m"},
      {ErrorKind::kInvalidAsset, "OE0101: m"},
      {ErrorKind::kPermissionDenied, "OE0102: m"},
      {ErrorKind::kMissingOutput, "OE0106: m"},
      {ErrorKind::kIncompatibleOutput, "OE0107: m"},
      {ErrorKind::kCannotDisable, "OE0108: m"},
      {ErrorKind::kPlanTerminated, "OE0109: m"},
      {ErrorKind::kRefused, "m"},
      {ErrorKind::kUnavailable, "m"},
      {ErrorKind::kExhausted, "m"},
      {ErrorKind::kCancelled, "m"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Fail(row.kind, "m").value().text, row.text);
    EXPECT_EQ(Fail(row.kind, "m").value().kind, row.kind);
  }
}

TEST(Text, behaviour_3_2_generic_messages) {
  EXPECT_EQ(NotFound("computeplan", "a\"b").value().text, R"(OE0002: computeplan with key "a\"b" not found)");
  EXPECT_EQ(AlreadyExists("model", "k").value().text, R"(OE0006: model with key "k" already exists)");
}

}  // namespace
}  // namespace orc
