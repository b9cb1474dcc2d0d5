// What stores find events by, where the text itself would make a large index. Part of the stored form: never to change.
// Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orc {

// What events are found by when their asset key is asked for: 32 bits of it, signed.
int64_t AssetKeyHash(std::string_view asset_key);

// What events are found by when their reason is asked for: the first 8 bytes of its SHA-256.
int64_t ReasonHash(std::string_view reason);

}  // namespace orc
