#include "domain/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace orc {
namespace {

struct Decoded {
  uint32_t code_point;
  size_t length;  // 0: not valid UTF-8 at this place
};

Decoded DecodeUtf8(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {0, 0};
  uint32_t code_point = first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 0};
    code_point = (code_point << 6) | (byte(i) & 0x3FU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code_point < kSmallest[length] || code_point > 0x10FFFF) return {0, 0};
  if (code_point >= 0xD800 && code_point <= 0xDFFF) return {0, 0};
  return {code_point, length};
}

// Separators, format characters and non-characters would be invisible or misleading in a log line.
bool IsPrintable(uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD) return false;
  if (c >= 0x2000 && c <= 0x200F) return false;
  if (c >= 0x2028 && c <= 0x202F) return false;
  if (c >= 0x205F && c <= 0x206F) return false;
  if (c == 0x1680 || c == 0x3000 || c == 0xFEFF || (c >= 0xE000 && c <= 0xF8FF)) return false;
  if (c >= 0xFFF0 && c <= 0xFFFB) return false;
  return c < 0xE0000 && (c & 0xFFFE) != 0xFFFE;
}

std::string Format(const char* format, uint32_t value) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string Escape(uint32_t c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\a': return "\\a";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\v': return "\\v";
    default: break;
  }
  if (c < 0x20 || c == 0x7F) return Format("\\x%02x", c);
  return c < 0x10000 ? Format("\\u%04x", c) : Format("\\U%08x", c);
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const Decoded decoded = DecodeUtf8(text);
    const size_t length = decoded.length == 0 ? 1 : decoded.length;
    const uint32_t c = decoded.code_point;
    if (decoded.length == 0) {
      quoted += Format("\\x%02x", static_cast<uint8_t>(text[0]));
    } else if (c == '"' || c == '\\' || !IsPrintable(c)) {
      quoted += Escape(c);
    } else {
      quoted += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return quoted += '"';
}

size_t CountCharacters(std::string_view text) {
  const auto begins_character = [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; };
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

}  // namespace orc
