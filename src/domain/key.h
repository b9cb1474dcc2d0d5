// Key: the UUID that names an asset. A 16-byte value, ordered as its lower-case text is. Thread-compatible.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orc {

struct Key {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr): a fault of the check

  // Lower-case canonical text, 36 characters.
  std::string ToString() const;
  // The 16 bytes as stores keep them.
  std::string_view Raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  // Requires raw.size() == 16.
  static Key FromRaw(std::string_view raw);
  // The canonical lower-case form only (behaviour.md 3.3, rule "UUID"); nothing for any other text.
  static std::optional<Key> FromCanonical(std::string_view text);
  // The forms look-ups accept (behaviour.md 4.1): canonical, upper-case, without dashes, in braces.
  static std::optional<Key> FromAnyForm(std::string_view text);
};

// Differs from process to process, so that nobody can choose keys that all fall together.
struct KeyHash {
  size_t operator()(const Key& key) const;
};

}  // namespace orc
