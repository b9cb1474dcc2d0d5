#include "rpc/x509.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>

namespace orc {
namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

// One PEM block as PEM_read_bio gives it.
struct Block {
  ~Block() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;  // NOLINT(google-runtime-int): OpenSSL's type
};

Result<void> AddBlock(const Block& block, PemContent& content) {
  const std::string_view name = block.name;
  const unsigned char* at = block.data;
  if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD) {
    Certificate certificate(d2i_X509(nullptr, &at, block.size));
    if (certificate == nullptr) return Fail(ErrorKind::kRefused, TakeOpenSslError("not a certificate"));
    content.certificates.push_back(std::move(certificate));
  } else if (name == PEM_STRING_X509_CRL) {
    RevocationList list(d2i_X509_CRL(nullptr, &at, block.size));
    if (list == nullptr) return Fail(ErrorKind::kRefused, TakeOpenSslError("not a revocation list"));
    content.revocation_lists.push_back(std::move(list));
  }
  return {};
}

std::string Contents(BIO& bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(&bio, &data);
  return {data, static_cast<size_t>(size)};
}

TimePoint ToTimePoint(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return TimePoint::min();
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace

Result<PemContent> ParsePem(std::string_view text, size_t max_blocks) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  PemContent content;
  ERR_clear_error();
  for (size_t number = 1;; ++number) {
    Block block;
    if (PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.size) != 1) {
      const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      const std::string reason = TakeOpenSslError("cannot be read");
      if (at_end) return content;
      return Fail(ErrorKind::kRefused, "PEM block " + std::to_string(number) + ": " + reason);
    }
    if (number > max_blocks) {
      return Fail(ErrorKind::kRefused, "more than " + std::to_string(max_blocks) + " PEM blocks");
    }
    if (const Result<void> added = AddBlock(block, content); !added) {
      return Fail(ErrorKind::kRefused, "PEM block " + std::to_string(number) + ": " + added.error().text);
    }
  }
}

std::string ToPem(X509& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return Contents(*bio);
}

std::vector<std::string> SubjectOrganizations(const X509& certificate) {
  std::vector<std::string> values;
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  int at = -1;
  while ((at = X509_NAME_get_index_by_NID(subject, NID_organizationName, at)) >= 0) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) continue;
    values.emplace_back(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
    OPENSSL_free(utf8);
  }
  ERR_clear_error();
  return values;
}

std::string SubjectLine(const X509& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return Contents(*bio);
}

TimePoint NotBefore(const X509& certificate) {
  return ToTimePoint(X509_get0_notBefore(&certificate));
}

TimePoint NotAfter(const X509& certificate) {
  return ToTimePoint(X509_get0_notAfter(&certificate));
}

std::string FormatTime(TimePoint time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string TakeOpenSslError(std::string_view otherwise) {
  const unsigned long code = ERR_peek_last_error();  // NOLINT(google-runtime-int): OpenSSL's type
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? std::string(otherwise) : std::string(reason);
}

}  // namespace orc
