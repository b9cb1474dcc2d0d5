// Event ids: UUIDs of version 7 (RFC 9562) that carry the event's position, so that a store finds an event by its id
// without an index of ids.
//
//   48 bits  milliseconds since 1970
//    4 bits  version 7
//   12 bits  position, high part
//    2 bits  variant
//   30 bits  position, low part
//   32 bits  random
//
// The order of the ids of a channel is the order of its positions, since timestamps never decrease. Pure functions,
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orc {

// Positions are below this bound.
inline constexpr int64_t kPositionEnd = int64_t{1} << 42;

// Canonical text. Requires 0 < position < kPositionEnd and a timestamp after 1970.
std::string MakeEventId(int64_t timestamp_us, int64_t position, uint32_t random);

// The position that `id` would have if it was made here; nothing for texts and UUIDs of another make.
std::optional<int64_t> PositionInEventId(std::string_view id);

}  // namespace orc
