#include "domain/event_id.h"

#include "domain/assert.h"
#include "domain/key.h"

namespace orc {
namespace {

constexpr int kLowBits = 30;
constexpr uint64_t kLowMask = (uint64_t{1} << kLowBits) - 1;

void Put(Key& key, size_t at, uint64_t value) {
  for (size_t i = 0; i < 8; ++i) key.bytes[at + i] = static_cast<uint8_t>(value >> (56 - 8 * i));
}

uint64_t Get(const Key& key, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = (value << 8) | key.bytes[at + i];
  return value;
}

}  // namespace

std::string MakeEventId(int64_t timestamp_us, int64_t position, uint32_t random) {
  ORC_ASSERT(position > 0 && position < kPositionEnd && timestamp_us >= 0);
  const auto place = static_cast<uint64_t>(position);
  const auto milliseconds = static_cast<uint64_t>(timestamp_us / 1000);
  Key key;
  Put(key, 0, (milliseconds << 16) | 0x7000 | (place >> kLowBits));
  Put(key, 8, (uint64_t{0b10} << 62) | ((place & kLowMask) << 32) | random);
  return key.ToString();
}

std::optional<int64_t> PositionInEventId(std::string_view id) {
  const std::optional<Key> key = Key::FromCanonical(id);
  if (!key) return std::nullopt;
  const uint64_t high = Get(*key, 0);
  const uint64_t low = Get(*key, 8);
  if (((high >> 12) & 0xF) != 7 || (low >> 62) != 0b10) return std::nullopt;
  return static_cast<int64_t>(((high & 0xFFF) << kLowBits) | ((low >> 32) & kLowMask));
}

}  // namespace orc
