// The client CA folder (deployment.md 3.3): which certificate authorities vouch for which organization.
//
// `<folder>/<organization id>/<any name>`: every file is PEM text with certificates, all of which count, or with
// revocation lists (`X509 CRL` blocks), or both. Looked at are the real directories of the folder and, in each, all
// that is not a directory, through symbolic links: so a mounted Kubernetes volume, with its `..data`, reads as it is
// meant. Files beside the directories and directories inside them are ignored. Pure functions but for the reading;
// thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "domain/error.h"
#include "rpc/x509.h"

namespace orc {

inline constexpr size_t kMaxPemFileBytes = 1 << 20;  // of one file
inline constexpr size_t kMaxCaFolderBytes = 32 << 20;
inline constexpr size_t kMaxCaFolderEntries = 10'000;  // directory entries looked at, over all directories
inline constexpr size_t kMaxPemBlocks = 1'000;         // of one file

// Organization id -> file name -> bytes; an organization whose directory has no file is absent.
using CaFolder = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

// One organization's authorities.
struct ClientAuthority {
  std::vector<Certificate> certificates;         // at least one
  std::vector<RevocationList> revocation_lists;  // of these authorities, maybe none
};
using ClientAuthorities = std::map<std::string, ClientAuthority, std::less<>>;

// Failure (kRefused): the folder or a file can't be read, or a bound is passed; the text names the path and the reason.
Result<CaFolder> ReadCaFolder(const std::string& path);

// Failure (kRefused): a file that holds neither certificate nor revocation list, or a bad one; the text names the file.
// An organization with revocation lists only is absent from the result.
Result<ClientAuthorities> ParseCaFolder(const std::string& path, const CaFolder& folder);

}  // namespace orc
