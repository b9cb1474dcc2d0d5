#include "server/tls_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "domain/text.h"
#include "rpc/small_file.h"
#include "server/tls_handshake.h"

namespace orc {
namespace {

void Judge(FollowedFile& file, const char* what, const Result<void>& adopted) {
  file.Judged(adopted.has_value());
  if (adopted) return;
  Log(LogLevel::kError, std::string(what) + " refused, the state before stays in force",
      {{"error", adopted.error().text}});
}

ClientPool MakeClientPool(const std::vector<Certificate>& own, const ClientAuthorities& authorities) {
  ClientPool pool;
  const auto add = [&](const std::vector<Certificate>& group) {
    std::vector<X509*> certificates;
    certificates.reserve(group.size());
    for (const Certificate& each : group) certificates.push_back(each.get());
    pool.emplace_back(certificates, std::vector<X509_CRL*>());
  };
  add(own);
  for (const auto& [organization, authority] : authorities) add(authority.certificates);
  return pool;
}

}  // namespace

Result<std::unique_ptr<TlsFiles>> TlsFiles::Open(const Settings& settings, std::chrono::milliseconds poll) {
  if (settings.tls_enabled) InstallHandshakeRules();
  std::unique_ptr<TlsFiles> files(new TlsFiles(settings, poll));
  ORC_TRY(files->Load());
  files->follower_ = std::jthread([self = files.get()](const std::stop_token& stop) { self->Follow(stop); });
  return files;
}

TlsFiles::TlsFiles(const Settings& settings, std::chrono::milliseconds poll)
    : settings_(settings), poll_(poll), uses_folder_(settings.mtls_enabled || settings.verify_client_msp_id) {}

TlsFiles::~TlsFiles() = default;

std::shared_ptr<grpc::ServerCredentials> TlsFiles::Credentials() const {
  if (credentials_ == nullptr) return grpc::InsecureServerCredentials();
  return credentials_;
}

Result<void> TlsFiles::Load() {
  if (settings_.tls_enabled) {
    const Result<ServerPair> pair = ReadServerPair(settings_.tls_cert_path, settings_.tls_key_path);
    pair_files_.emplace(pair);
    ORC_TRY(AdoptPair(pair));
  }
  if (settings_.mtls_enabled) {
    const Result<std::string> content = ReadServerCa();
    server_ca_file_.emplace(content);
    ORC_TRY(AdoptServerCa(content));
  }
  if (uses_folder_) {
    const Result<CaFolder> folder = ReadFolder();
    folder_.emplace(folder);
    ORC_TRY(AdoptFolder(folder));
  }
  if (settings_.tls_enabled) {
    credentials_ = std::make_shared<TlsCredentials>(settings_.mtls_enabled, pair_, client_roots_);
  }
  if (settings_.verify_client_msp_id) check_ = std::make_unique<OrganizationCheck>(authorities_);
  return {};
}

Result<std::string> TlsFiles::ReadServerCa() const {
  const std::string& path = settings_.tls_server_ca_cert;
  Result<std::string> content = ReadSmallFile(path, kMaxPemFileBytes);
  if (!content) return Fail(ErrorKind::kRefused, "server CA " + Quote(path) + ": " + content.error().text);
  return content;
}

// A folder that is not there yet is empty. One that has vanished is a fault, and no reason to shut everybody out.
Result<CaFolder> TlsFiles::ReadFolder() const {
  const std::string& path = settings_.tls_client_ca_cert_dir;
  std::error_code error;
  if (authorities_.empty() && !std::filesystem::exists(path, error)) return CaFolder{};
  return ReadCaFolder(path);
}

void TlsFiles::Follow(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, poll_, [] { return false; });
    if (!stop.stop_requested()) Poll();
  }
}

void TlsFiles::Poll() {
  if (pair_files_) {
    const auto* const pair = pair_files_->Offer(ReadServerPair(settings_.tls_cert_path, settings_.tls_key_path));
    if (pair != nullptr) Judge(pair_metrics_, "server certificate", AdoptPair(*pair));
  }
  if (server_ca_file_) {
    const auto* const content = server_ca_file_->Offer(ReadServerCa());
    if (content != nullptr) Judge(server_ca_metrics_, "server CA", AdoptServerCa(*content));
  }
  if (folder_) {
    const auto* const folder = folder_->Offer(ReadFolder());
    if (folder != nullptr) Judge(folder_metrics_, "client CA folder", AdoptFolder(*folder));
  }
}

Result<void> TlsFiles::AdoptPair(const Result<ServerPair>& pair) {
  if (!pair) return tl::unexpected(pair.error());
  ORC_TRY(CheckServerPair(*pair, settings_.tls_cert_path, settings_.tls_key_path));
  pair_ = *pair;
  Publish();
  return {};
}

Result<void> TlsFiles::AdoptServerCa(const Result<std::string>& content) {
  if (!content) return tl::unexpected(content.error());
  ORC_ASSIGN(std::vector<Certificate> own, ParseCaFile(settings_.tls_server_ca_cert, *content));
  ORC_TRY(MakeRoots(own, authorities_));
  WarnOfDates(own, "server CA", settings_.tls_server_ca_cert);
  Log(LogLevel::kInfo, "Loaded TLS client CA certificate", {{"cacert", settings_.tls_server_ca_cert}});
  own_authorities_ = std::move(own);
  Publish();
  return {};
}

Result<void> TlsFiles::AdoptFolder(const Result<CaFolder>& folder) {
  if (!folder) return tl::unexpected(folder.error());
  const std::string& path = settings_.tls_client_ca_cert_dir;
  ORC_ASSIGN(ClientAuthorities authorities, ParseCaFolder(path, *folder));
  ORC_TRY(MakeRoots(own_authorities_, authorities));
  size_t certificates = 0;
  for (const auto& [organization, authority] : authorities) {
    const std::string place = (std::filesystem::path(path) / organization).string();
    WarnOfDates(authority.certificates, "client CA", place);
    certificates += authority.certificates.size();
    Log(LogLevel::kInfo, "Loaded TLS client CA certificate",
        {{"cacert", place}, {"certificates", std::to_string(authority.certificates.size())}});
  }
  Log(certificates == 0 ? LogLevel::kWarn : LogLevel::kInfo, "client CA folder read",
      {{"path", path},
       {"organizations", std::to_string(authorities.size())},
       {"certificates", std::to_string(certificates)}});
  authorities_ = std::move(authorities);
  Publish();
  return {};
}

Result<void> TlsFiles::MakeRoots(const std::vector<Certificate>& own, const ClientAuthorities& authorities) {
  ORC_ASSIGN(client_roots_, MakeClientRoots(own, authorities));
  return {};
}

void TlsFiles::Publish() {
  if (settings_.mtls_enabled) SetClientPool(MakeClientPool(own_authorities_, authorities_));
  // These two are made at the end of Load.
  if (credentials_ != nullptr) credentials_->Replace(pair_, client_roots_);
  if (check_ != nullptr) check_->Replace(authorities_);
  std::vector<Expiry> expiries = FindExpiries();
  const std::lock_guard lock(expiries_mutex_);
  expiries_.swap(expiries);
}

std::vector<TlsFiles::Expiry> TlsFiles::FindExpiries() const {
  std::vector<Expiry> found;
  const auto add = [&](std::string_view kind, const std::string& organization, const std::vector<Certificate>& group) {
    if (group.empty()) return;
    const auto first = std::min_element(group.begin(), group.end(),
                                        [](const auto& a, const auto& b) { return NotAfter(*a) < NotAfter(*b); });
    found.push_back({kind, organization, NotAfter(**first)});
  };
  if (const auto pair = ParsePem(pair_.chain, kMaxPemBlocks)) add("server", "", pair->certificates);
  add("server_ca", "", own_authorities_);
  for (const auto& [organization, authority] : authorities_) add("client_ca", organization, authority.certificates);
  return found;
}

std::vector<TlsFiles::Expiry> TlsFiles::Expiries() const {
  const std::lock_guard lock(expiries_mutex_);
  return expiries_;
}

std::vector<std::pair<std::string_view, const FollowedFile*>> TlsFiles::Followed() const {
  std::vector<std::pair<std::string_view, const FollowedFile*>> followed;
  if (pair_files_) followed.emplace_back("server_pair", &pair_metrics_);
  if (server_ca_file_) followed.emplace_back("server_ca", &server_ca_metrics_);
  if (folder_) followed.emplace_back("client_cas", &folder_metrics_);
  return followed;
}

}  // namespace orc
