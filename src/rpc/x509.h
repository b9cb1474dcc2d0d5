// X.509 as this program needs it, over OpenSSL: PEM text in; certificates, revocation lists, names and dates out.
//
// The handles own their object. An object is not changed after it is made, so threads may share it. Pure functions,
// thread-safe.
#pragma once

#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"

namespace orc {

template <auto free_function>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using RevocationList = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using TimePoint = std::chrono::system_clock::time_point;

struct PemContent {
  std::vector<Certificate> certificates;
  std::vector<RevocationList> revocation_lists;
};

// The `CERTIFICATE` and `X509 CRL` blocks of a text, in its order; other blocks and the text between blocks are
// skipped. Failure (kRefused): a block that can't be read, or more than `max_blocks` of them; the text says which.
Result<PemContent> ParsePem(std::string_view text, size_t max_blocks);

// The PEM form of a certificate, with nothing around it.
std::string ToPem(X509& certificate);

// The O values of the subject, in order, as UTF-8.
std::vector<std::string> SubjectOrganizations(const X509& certificate);

// Subject as one line, for logs.
std::string SubjectLine(const X509& certificate);

TimePoint NotBefore(const X509& certificate);
TimePoint NotAfter(const X509& certificate);

// Such as 2026-11-22T15:04:05Z.
std::string FormatTime(TimePoint time);

// Takes OpenSSL's pending errors of this thread; the text of the last one, or `otherwise`.
std::string TakeOpenSslError(std::string_view otherwise);

}  // namespace orc
