#include "rpc/client_authorities.h"

#include <filesystem>
#include <system_error>

#include "domain/text.h"
#include "rpc/small_file.h"

namespace orc {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> Refuse(const fs::path& path, std::string_view reason) {
  return Fail(ErrorKind::kRefused, "client CA " + Quote(path.string()) + ": " + std::string(reason));
}

struct Budget {
  size_t entries = kMaxCaFolderEntries;
  size_t bytes = kMaxCaFolderBytes;
};

// The entries of a directory, in the order of their names.
Result<std::map<std::string, fs::directory_entry>> List(const fs::path& directory, Budget& budget) {
  std::map<std::string, fs::directory_entry> entries;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (budget.entries-- == 0) {
      budget.entries = 0;
      return Refuse(directory, "the folder has more than " + std::to_string(kMaxCaFolderEntries) + " entries");
    }
    entries.emplace(at->path().filename().string(), *at);
  }
  if (error) return Refuse(directory, error.message());
  return entries;
}

Result<std::map<std::string, std::string>> ReadOrganization(const fs::path& directory, Budget& budget) {
  ORC_ASSIGN(const auto entries, List(directory, budget));
  std::map<std::string, std::string> files;
  for (const auto& [name, entry] : entries) {
    std::error_code error;
    if (entry.is_directory(error)) continue;
    Result<std::string> content = ReadSmallFile(entry.path().string(), kMaxPemFileBytes);
    if (!content) return Refuse(entry.path(), content.error().text);
    if (content->size() > budget.bytes) return Refuse(directory, "the files of the folder are larger than 32 MiB");
    budget.bytes -= content->size();
    files.emplace(name, *std::move(content));
  }
  return files;
}

Result<void> AddFile(const fs::path& path, const std::string& content, ClientAuthority& authority) {
  Result<PemContent> pem = ParsePem(content, kMaxPemBlocks);
  if (!pem) return Refuse(path, pem.error().text);
  if (pem->certificates.empty() && pem->revocation_lists.empty()) {
    return Refuse(path, "no PEM certificate and no PEM revocation list in it");
  }
  for (auto& each : pem->certificates) authority.certificates.push_back(std::move(each));
  for (auto& each : pem->revocation_lists) authority.revocation_lists.push_back(std::move(each));
  return {};
}

}  // namespace

Result<CaFolder> ReadCaFolder(const std::string& path) {
  Budget budget;
  ORC_ASSIGN(const auto entries, List(path, budget));
  CaFolder folder;
  for (const auto& [name, entry] : entries) {
    std::error_code error;
    if (entry.is_symlink(error) || !entry.is_directory(error) || name.starts_with("..")) continue;
    ORC_ASSIGN(auto files, ReadOrganization(entry.path(), budget));
    if (!files.empty()) folder.emplace(name, std::move(files));
  }
  return folder;
}

Result<ClientAuthorities> ParseCaFolder(const std::string& path, const CaFolder& folder) {
  ClientAuthorities authorities;
  for (const auto& [organization, files] : folder) {
    ClientAuthority authority;
    for (const auto& [name, content] : files) {
      ORC_TRY(AddFile(fs::path(path) / organization / name, content, authority));
    }
    if (!authority.certificates.empty()) authorities.emplace(organization, std::move(authority));
  }
  return authorities;
}

}  // namespace orc
