#include "store/sha256.h"

#include <openssl/evp.h>

#include <new>

namespace orc {

Sha256::Sha256() : method_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
  if (method_ != nullptr && context_ != nullptr) return;
  EVP_MD_CTX_free(context_);
  EVP_MD_free(method_);
  throw std::bad_alloc();
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
  EVP_MD_free(method_);
}

std::array<uint8_t, 32> Sha256::Digest(std::string_view text) {
  std::array<uint8_t, 32> digest{};
  const bool done = EVP_DigestInit_ex2(context_, method_, nullptr) == 1 &&
                    EVP_DigestUpdate(context_, text.data(), text.size()) == 1 &&
                    EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1;
  // The context exists, so only memory can be missing.
  if (!done) throw std::bad_alloc();
  return digest;
}

std::string Sha256Hex(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const uint8_t byte : Sha256().Digest(text)) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xF]);
  }
  return hex;
}

}  // namespace orc
