// What TLS is made of, from the bytes of files to something that can be served: every fault of a file is found here,
// with the name of the file and the reason, so that nothing bad ever reaches gRPC. Expired or not yet valid
// certificates are no fault: they are taken with a warning in the log, because a clock may be wrong.
//
// Functions read files and log; they are thread-safe. Failures are kRefused.
#pragma once

#include <string>
#include <vector>

#include "domain/error.h"
#include "rpc/client_authorities.h"

namespace orc {

// Of the subjects of all CAs that may vouch for clients: TLS tells them to clients in a list of at most 65,535 bytes.
inline constexpr size_t kMaxCaNamesBytes = 60'000;

// PEM texts of the server's certificate, with the intermediate ones above it, and of its key.
struct ServerPair {
  std::string chain;
  std::string key;
  bool operator==(const ServerPair&) const = default;
};

// The bytes of the two files.
Result<ServerPair> ReadServerPair(const std::string& cert_path, const std::string& key_path);

// Checks that the first certificate can be served with the key and is strong enough for the TLS library. The paths are
// for the texts.
Result<void> CheckServerPair(const ServerPair& pair, const std::string& cert_path, const std::string& key_path);

// The certificates of a CA file; at least one.
Result<std::vector<Certificate>> ParseCaFile(const std::string& path, const std::string& content);

// The CAs that may vouch for clients at the handshake: the server's own and those of every organization, each once.
// PEM text. Failure: their subjects take more than kMaxCaNamesBytes.
Result<std::string> MakeClientRoots(const std::vector<Certificate>& own, const ClientAuthorities& authorities);

// Warns of certificates that are expired or not yet valid. `what` and `where` say which they are.
void WarnOfDates(const std::vector<Certificate>& certificates, const std::string& what, const std::string& where);

}  // namespace orc
