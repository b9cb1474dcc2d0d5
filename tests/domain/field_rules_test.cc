#include "domain/field_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/domain/support.h"

namespace orc {
namespace {

const std::string kNul(1, '\0');
constexpr char kNulText[] = "must not contain the character U+0000";

TEST(FieldRules, behaviour_3_3_sorted_and_closed) {
  FieldErrors errors;
  EXPECT_EQ(TextOf(errors.ToResult("model")), "");
  EXPECT_EQ(errors.Nested(), "");
  errors.Add("b", "second");
  errors.Add("a_b", "");
  errors.Add("Z", "capital");
  errors.Add("a", "first");
  EXPECT_EQ(TextOf(errors.ToResult("model")), "OE0101: model is not valid: Z: capital; a: first; b: second.");
  EXPECT_EQ(errors.Nested(), "(Z: capital; a: first; b: second.)");
  FieldErrors outer;
  outer.Add("inner", errors.Nested());
  EXPECT_EQ(TextOf(outer.ToResult("m")), "OE0101: m is not valid: inner: (Z: capital; a: first; b: second.).");
}

TEST(FieldRules, behaviour_3_3_elements_in_order_of_index_text) {
  google::protobuf::RepeatedPtrField<std::string> keys;
  for (int i = 0; i < 12; ++i) keys.Add(i == 1 || i == 2 || i == 10 || i == 11 ? "x" : kKey);
  keys.Add("");
  EXPECT_EQ(CheckKeys(keys),
            "(1: must be a valid UUID; 10: must be a valid UUID; 11: must be a valid UUID; 2: must be a valid UUID.)");
  EXPECT_EQ(CheckKeys({}), "");
}

TEST(FieldRules, behaviour_3_3_keys) {
  const std::string uuid = "must be a valid UUID";
  EXPECT_EQ(CheckKey(kKey), "");
  EXPECT_EQ(CheckKey(""), "cannot be blank");
  EXPECT_EQ(CheckKey(" "), uuid);
  EXPECT_EQ(CheckKey("0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"), uuid);
  EXPECT_EQ(CheckKeyInAnyForm("0F1E2D3C4B5A69788796A5B4C3D2E1F0"), "");
  EXPECT_EQ(CheckKeyInAnyForm(""), "cannot be blank");
  EXPECT_EQ(CheckKeyInAnyForm("0F1E2D3C"), uuid);
}

TEST(FieldRules, behaviour_3_3_names) {
  EXPECT_EQ(CheckName(" "), "");
  EXPECT_EQ(CheckName(std::string(100, 'n')), "");
  EXPECT_EQ(CheckName(""), "cannot be blank");
  EXPECT_EQ(CheckName(std::string(101, 'n')), "the length must be between 1 and 100");
  std::string wide;
  for (int i = 0; i < 51; ++i) wide += "é";
  EXPECT_EQ(CheckName(wide), "the length must be between 1 and 100");
  EXPECT_EQ(CheckName("a" + kNul), kNulText);
  EXPECT_EQ(CheckName(std::string(101, '\0')), "the length must be between 1 and 100");
  EXPECT_EQ(CheckTag(""), "");
  EXPECT_EQ(CheckTag(std::string(100, 't')), "");
  EXPECT_EQ(CheckTag(std::string(101, 't')), "the length must be no more than 100");
  EXPECT_EQ(CheckTag(kNul), kNulText);
  EXPECT_EQ(CheckIdentifier(""), "cannot be blank");
  EXPECT_EQ(CheckIdentifier(std::string(1000, 'i')), "");
  EXPECT_EQ(CheckIdentifier(kNul), kNulText);
}

TEST(FieldRules, behaviour_3_3_checksum) {
  EXPECT_EQ(CheckChecksum(kChecksum), "");
  EXPECT_EQ(CheckChecksum(std::string(64, 'F')), "");
  EXPECT_EQ(CheckChecksum(""), "cannot be blank");
  EXPECT_EQ(CheckChecksum(std::string(63, 'a')), "the length must be exactly 64");
  EXPECT_EQ(CheckChecksum(std::string(65, 'g')), "the length must be exactly 64");
  EXPECT_EQ(CheckChecksum(std::string(63, 'a') + "g"), "must be a valid hexadecimal number");
  EXPECT_EQ(CheckChecksum(std::string(64, '\0')), "must be a valid hexadecimal number");
}

TEST(FieldRules, behaviour_3_3_addressable) {
  orchestrator::Addressable address;
  EXPECT_EQ(CheckAddressable(address), "(checksum: cannot be blank; storage_address: cannot be blank.)");
  EXPECT_EQ(CheckRequiredAddressable(false, address), "cannot be blank");
  EXPECT_EQ(CheckRequiredAddressable(true, address), "(checksum: cannot be blank; storage_address: cannot be blank.)");
  address.set_checksum(kChecksum);
  const struct {
    std::string url;
    const char* text;
  } rows[] = {
      {UrlOf(200), ""},
      {UrlOf(200, 150), ""},
      {UrlOf(201), "(storage_address: the length must be no more than 200.)"},
      {UrlOf(201, 150), "(storage_address: the length must be no more than 200.)"},
      {"foo", "(storage_address: must be a valid URL.)"},
      {UrlOf(300) + " ", "(storage_address: must be a valid URL.)"},
      {"http://foo/" + kNul, "(storage_address: must be a valid URL.)"},
  };
  for (const auto& row : rows) {
    address.set_storage_address(row.url);
    EXPECT_EQ(CheckAddressable(address), row.text) << row.url;
  }
}

TEST(FieldRules, permissions) {
  orchestrator::NewPermissions permissions;
  EXPECT_EQ(CheckPermissions(false, permissions), "cannot be blank");
  EXPECT_EQ(CheckPermissions(true, permissions), "");
  permissions.add_authorized_ids("");
  permissions.add_authorized_ids("org");
  EXPECT_EQ(CheckPermissions(true, permissions), "");
  permissions.add_authorized_ids("org" + kNul);
  EXPECT_EQ(CheckPermissions(true, permissions), std::string("(authorized_ids: ") + kNulText + ".)");
}

TEST(FieldRules, behaviour_3_3_metadata) {
  const std::string longer(101, 'k');
  const struct {
    std::vector<std::pair<std::string, std::string>> entries;
    std::string text;
  } rows[] = {
      {{}, ""},
      {{{"", ""}}, ""},
      {{{std::string(100, 'k'), std::string(100, 'v')}}, ""},
      {{{longer, "v"}}, "OE0101: metadata key \"" + longer + "\" is too long"},
      {{{longer, longer}}, "OE0101: metadata key \"" + longer + "\" is too long"},
      {{{"k\n", longer}}, R"(OE0101: metadata value for key "k\n" is too long)"},
      {{{"b", longer}, {"c", longer}, {"a", longer}}, R"(OE0101: metadata value for key "a" is too long)"},
      {{{longer, "v"}, {"z", longer}, {"a", "v"}}, "OE0101: metadata key \"" + longer + "\" is too long"},
      {{{longer, "v"}, {"Z", longer}}, R"(OE0101: metadata value for key "Z" is too long)"},
      {{{"k" + kNul, "v"}}, kNulText},
      {{{"k", kNul}}, kNulText},
      {{{"a", kNul}, {"b", longer}}, R"(OE0101: metadata value for key "b" is too long)"},
  };
  for (const auto& row : rows) {
    google::protobuf::Map<std::string, std::string> metadata;
    for (const auto& [key, value] : row.entries) metadata[key] = value;
    EXPECT_EQ(CheckMetadata(metadata), row.text);
  }
}

}  // namespace
}  // namespace orc
