// Certificates for tests, made in the process.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>
#include <utility>
#include <vector>

#include "rpc/x509.h"

namespace orc {

using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

struct Made {
  Certificate certificate;
  PrivateKey key;

  std::string Pem() const { return ToPem(*certificate); }
};

struct Wanted {
  std::string common_name = "x";
  std::vector<std::string> organizations = {};
  const Made* issuer = nullptr;  // nullptr: itself
  std::vector<std::pair<int, std::string>> extensions = {};
  int from_seconds = -60;
  int until_seconds = 3600;
};

inline std::vector<std::pair<int, std::string>> CaExtensions(const std::string& constraints = "critical,CA:TRUE") {
  return {{NID_basic_constraints, constraints}, {NID_key_usage, "critical,keyCertSign,cRLSign"}};
}

inline void AddName(X509_NAME* name, const char* field, const std::string& value) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

// Without extensions the certificate has X.509 version 1.
inline Made Make(const Wanted& wanted) {
  static int64_t serial = 1;
  Made made{Certificate(X509_new()), PrivateKey(EVP_EC_gen("P-256"))};
  X509* const certificate = made.certificate.get();
  const Made& issuer = wanted.issuer == nullptr ? made : *wanted.issuer;
  X509_set_version(certificate, wanted.extensions.empty() ? X509_VERSION_1 : X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wanted.from_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wanted.until_seconds);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  for (const std::string& each : wanted.organizations) AddName(subject, "O", each);
  if (!wanted.common_name.empty()) AddName(subject, "CN", wanted.common_name);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate.get()));
  X509_set_pubkey(certificate, made.key.get());
  for (const auto& [kind, value] : wanted.extensions) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer.certificate.get(), certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate, issuer.key.get(), EVP_sha256());
  return made;
}

inline Made MakeCa(const std::string& name, const Made* issuer = nullptr) {
  return Make({.common_name = name, .issuer = issuer, .extensions = CaExtensions()});
}

inline Made MakeClient(const std::string& organization, const Made& issuer) {
  return Make({.organizations = {organization}, .issuer = &issuer, .extensions = {{NID_ext_key_usage, "clientAuth"}}});
}

// The authority's list of revoked certificates; `until_seconds` is its next update.
inline std::string MakeRevocationList(const Made& authority, const std::vector<const Made*>& revoked,
                                      int until_seconds = 3600) {
  const RevocationList list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(authority.certificate.get()));
  using Time = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
  const Time now(X509_gmtime_adj(nullptr, -7200));
  const Time next(X509_gmtime_adj(nullptr, until_seconds));
  X509_CRL_set1_lastUpdate(list.get(), now.get());
  X509_CRL_set1_nextUpdate(list.get(), next.get());
  for (const Made* each : revoked) {
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(each->certificate.get()));
    X509_REVOKED_set_revocationDate(entry, now.get());
    X509_CRL_add0_revoked(list.get(), entry);
  }
  X509_CRL_sort(list.get());
  X509_CRL_sign(list.get(), authority.key.get(), EVP_sha256());
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_CRL(bio, list.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace orc
