#include "domain/key.h"

#include <absl/hash/hash.h>

#include <cstring>

#include "domain/assert.h"

namespace orc {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

bool IsDashPlace(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

// The value of each hexadecimal digit; -1 for all other characters. A table, since keys are what requests are full of.
constexpr std::array<int8_t, 256> kHexValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<int8_t>(10 + i);
  return values;
}();

int HexValue(char c) {
  return kHexValues[static_cast<uint8_t>(c)];
}

// `text` holds 32 hexadecimal digits, with the four dashes of the canonical form if `dashes`.
std::optional<Key> Parse(std::string_view text, bool dashes) {
  Key key;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (dashes && IsDashPlace(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    uint8_t& byte = key.bytes[digits / 2];
    byte = static_cast<uint8_t>((byte << 4) | value);
    ++digits;
  }
  return key;
}

}  // namespace

std::string Key::ToString() const {
  std::string text(36, '-');
  size_t place = 0;
  for (const uint8_t byte : bytes) {
    if (IsDashPlace(place)) ++place;
    text[place++] = kHexDigits[byte >> 4];
    text[place++] = kHexDigits[byte & 0xF];
  }
  return text;
}

Key Key::FromRaw(std::string_view raw) {
  Key key;
  ORC_ASSERT(raw.size() == key.bytes.size());
  std::memcpy(key.bytes.data(), raw.data(), raw.size());
  return key;
}

std::optional<Key> Key::FromCanonical(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  for (const char c : text) {
    if (c >= 'A' && c <= 'F') return std::nullopt;
  }
  return Parse(text, true);
}

std::optional<Key> Key::FromAnyForm(std::string_view text) {
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  if (text.size() == 36) return Parse(text, true);
  if (text.size() == 32) return Parse(text, false);
  return std::nullopt;
}

size_t KeyHash::operator()(const Key& key) const {
  return absl::HashOf(key.Raw());
}

}  // namespace orc
