#include "server/tls_material.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <set>

#include "base/log.h"
#include "domain/text.h"
#include "rpc/small_file.h"

namespace orc {
namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

tl::unexpected<Error> Refuse(const std::string& what, const std::string& path, const std::string& reason) {
  return Fail(ErrorKind::kRefused, what + " " + Quote(path) + ": " + reason);
}

constexpr const char* kCertificate = "server certificate";
constexpr const char* kKey = "server key";

Result<std::vector<Certificate>> ParseCertificates(const std::string& what, const std::string& path,
                                                   const std::string& text) {
  Result<PemContent> pem = ParsePem(text, kMaxPemBlocks);
  if (!pem) return Refuse(what, path, pem.error().text);
  if (pem->certificates.empty()) return Refuse(what, path, "no PEM certificate in it");
  return std::move(pem->certificates);
}

// Without a password at hand OpenSSL would ask for one on the terminal.
int NoPassword(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<Key> ParseKey(const std::string& path, const std::string& text) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  bool encrypted = false;
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, &encrypted));
  if (key != nullptr) return key;
  ERR_clear_error();
  if (encrypted) return Refuse(kKey, path, "it is encrypted, and there is no password; a plain key is wanted");
  return Refuse(kKey, path, "no readable PEM private key in it");
}

std::string EncodedSubject(const X509& certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_NAME(X509_get_subject_name(&certificate), &encoded);
  std::string name = size < 0 ? "" : std::string(reinterpret_cast<char*>(encoded), static_cast<size_t>(size));
  OPENSSL_free(encoded);
  return name;
}

}  // namespace

Result<ServerPair> ReadServerPair(const std::string& cert_path, const std::string& key_path) {
  Result<std::string> chain = ReadSmallFile(cert_path, kMaxPemFileBytes);
  if (!chain) return Refuse(kCertificate, cert_path, chain.error().text);
  Result<std::string> key = ReadSmallFile(key_path, kMaxPemFileBytes);
  if (!key) return Refuse(kKey, key_path, key.error().text);
  return ServerPair{*std::move(chain), *std::move(key)};
}

Result<void> CheckServerPair(const ServerPair& pair, const std::string& cert_path, const std::string& key_path) {
  ORC_ASSIGN(const std::vector<Certificate> chain, ParseCertificates(kCertificate, cert_path, pair.chain));
  ORC_ASSIGN(const Key key, ParseKey(key_path, pair.key));
  // Loaded as gRPC will load them, so that whatever it would stumble over is found now.
  const TlsContext context(SSL_CTX_new(TLS_method()));
  ERR_clear_error();
  if (context == nullptr || SSL_CTX_use_certificate(context.get(), chain[0].get()) != 1) {
    return Refuse(kCertificate, cert_path, TakeOpenSslError("cannot be used"));
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) != 1) {
      return Refuse(kCertificate, cert_path, TakeOpenSslError("cannot be used"));
    }
  }
  if (X509_check_private_key(chain[0].get(), key.get()) != 1) {
    ERR_clear_error();
    return Refuse(kKey, key_path, "it is not the key of the certificate in " + Quote(cert_path));
  }
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return Refuse(kKey, key_path, TakeOpenSslError("cannot be used"));
  }
  WarnOfDates(chain, kCertificate, cert_path);
  Log(LogLevel::kInfo, "Loading TLS certificates",
      {{"cert", cert_path}, {"key", key_path}, {"notAfter", FormatTime(NotAfter(*chain[0]))}});
  return {};
}

Result<std::vector<Certificate>> ParseCaFile(const std::string& path, const std::string& content) {
  return ParseCertificates("server CA", path, content);
}

Result<std::string> MakeClientRoots(const std::vector<Certificate>& own, const ClientAuthorities& authorities) {
  std::set<std::string> taken;
  std::set<std::string> subjects;
  size_t names_bytes = 0;
  std::string roots;
  const auto add = [&](X509& certificate) {
    std::string pem = ToPem(certificate);
    if (!taken.insert(pem).second) return;
    roots += pem;
    const std::string subject = EncodedSubject(certificate);
    if (subjects.insert(subject).second) names_bytes += subject.size() + 2;
  };
  for (const Certificate& each : own) add(*each);
  for (const auto& [organization, authority] : authorities) {
    for (const Certificate& each : authority.certificates) add(*each);
  }
  if (names_bytes <= kMaxCaNamesBytes) return roots;
  return Fail(ErrorKind::kRefused, "the names of the CAs that may vouch for clients take " +
                                       std::to_string(names_bytes) + " bytes, and a TLS handshake has room for " +
                                       std::to_string(kMaxCaNamesBytes));
}

void WarnOfDates(const std::vector<Certificate>& certificates, const std::string& what, const std::string& where) {
  const TimePoint now = std::chrono::system_clock::now();
  for (const Certificate& each : certificates) {
    const bool early = now < NotBefore(*each);
    if (!early && now <= NotAfter(*each)) continue;
    Log(LogLevel::kWarn, what + (early ? " is not valid yet" : " has expired"),
        {{"path", where},
         {"subject", SubjectLine(*each)},
         {early ? "notBefore" : "notAfter", FormatTime(early ? NotBefore(*each) : NotAfter(*each))}});
  }
}

}  // namespace orc
