// SHA-256 (FIPS 180-4) of many texts in turn, without what one-shot functions of the library cost per call. Not
// thread-safe: one object per thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct evp_md_st;
struct evp_md_ctx_st;

namespace orc {

class Sha256 {
 public:
  // Throws std::bad_alloc when the library has no memory left.
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  std::array<uint8_t, 32> Digest(std::string_view text);

 private:
  evp_md_st* method_;
  evp_md_ctx_st* context_;
};

// The same for one text, as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view text);

}  // namespace orc
