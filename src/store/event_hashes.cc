#include "store/event_hashes.h"

#include <array>

#include "store/sha256.h"

namespace orc {

int64_t AssetKeyHash(std::string_view asset_key) {
  // FNV-1a: short, and stable for ever, as what is stored must be. Signed, so that it takes 4 bytes in a row.
  uint32_t hash = 2166136261;
  for (const char c : asset_key) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return static_cast<int32_t>(hash);
}

int64_t ReasonHash(std::string_view reason) {
  const std::array<uint8_t, 32> digest = Sha256().Digest(reason);
  uint64_t hash = 0;
  for (size_t i = 0; i < 8; ++i) hash = (hash << 8) | digest[i];
  return static_cast<int64_t>(hash);
}

}  // namespace orc
