// What the tests of this room share: messages from text, and tables of requests with the texts they are refused with.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "domain/error.h"

namespace orc {

inline constexpr char kKey[] = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
inline constexpr char kOtherKey[] = "00000000-0000-0000-0000-000000000002";

template <class Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// The text of the error, or an empty one on success.
template <class T>
std::string TextOf(const Result<T>& result) {
  return result ? "" : result.error().text;
}

// A valid message with one field cleared (if named) and then some fields changed, and what is said about it after
// `<KIND> is not valid: `; nothing if it is still valid.
struct FieldCase {
  std::string clear;
  std::string change;
  std::string text;
};

template <class Message>
Message Changed(Message message, const FieldCase& row) {
  if (!row.clear.empty()) {
    const auto* field = Message::descriptor()->FindFieldByName(row.clear);
    EXPECT_NE(field, nullptr) << row.clear;
    message.GetReflection()->ClearField(&message, field);
  }
  google::protobuf::TextFormat::Parser parser;
  parser.AllowPartialMessage(true);
  EXPECT_TRUE(parser.MergeFromString(row.change, &message)) << row.change;
  return message;
}

// `validate` takes a Message and gives a Result<void>.
template <class Message, class ValidateOne>
void ExpectFieldTexts(const std::string& kind, const std::string& valid, std::span<const FieldCase> rows,
                      ValidateOne validate) {
  const auto sound = FromText<Message>(valid);
  EXPECT_EQ(TextOf(validate(sound)), "");
  for (const FieldCase& row : rows) {
    const Result<void> result = validate(Changed(sound, row));
    const std::string expected = row.text.empty() ? "" : "OE0101: " + kind + " is not valid: " + row.text;
    EXPECT_EQ(TextOf(result), expected) << "clear: " << row.clear << " change: " << row.change;
    if (!result) {
      EXPECT_EQ(result.error().kind, ErrorKind::kInvalidAsset);
    }
  }
}

// Texts of exactly `size` bytes, in quotes.
inline std::string Long(size_t size) {
  return '"' + std::string(size, 'n') + '"';
}

// A URL of exactly `size` characters, of which the last `wide` are not ASCII.
inline std::string UrlOf(size_t size, size_t wide = 0) {
  std::string url = "http://host/" + std::string(size - wide - 12, 'p');
  for (size_t i = 0; i < wide; ++i) url += "é";
  return url;
}

inline const std::string kChecksum = std::string(32, 'a') + std::string(32, '9');
inline const std::string kAddress = "{checksum: \"" + kChecksum + "\" storage_address: \"http://foo/bar\"}";

}  // namespace orc
