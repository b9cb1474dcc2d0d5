// The files of TLS as a live source: read and checked at the start, then followed, so that certificates and client CAs
// are rotated without a restart.
//
// Followed are the server's pair, the server's CA and the client CA folder, each for itself, with the rules of Settled:
// a change counts once two readings in a row find it. One that is not good is refused with one error record, and the
// state before it stays in force; a good one takes effect for the handshakes and calls that begin afterwards.
// Connections in progress go on. Owns one thread; destroying it ends the thread. Outlives the gRPC server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "rpc/organization_check.h"
#include "rpc/settled.h"
#include "server/settings.h"
#include "server/tls_credentials.h"

namespace orc {

class TlsFiles {
 public:
  // Reads what the settings ask for and begins to follow it, one reading each `poll`. Failure (kRefused): a file is
  // missing, unreadable or not good; the text names it and the reason. To be called once in a process.
  static Result<std::unique_ptr<TlsFiles>> Open(const Settings& settings,
                                                std::chrono::milliseconds poll = std::chrono::milliseconds(500));
  ~TlsFiles();

  // Those of the gRPC port; plaintext without TLS.
  std::shared_ptr<grpc::ServerCredentials> Credentials() const;

  // nullptr without ORCHESTRATOR_VERIFY_CLIENT_MSP_ID.
  const OrganizationCheck* Organizations() const { return check_.get(); }

  // When the first certificate of a group expires that is in force now. Thread-safe.
  struct Expiry {
    std::string_view kind;     // server, server_ca or client_ca
    std::string organization;  // of client CAs; else empty
    TimePoint not_after;
  };
  std::vector<Expiry> Expiries() const;

  // The files that the settings ask for: `server_pair`, `server_ca` and `client_cas`.
  std::vector<std::pair<std::string_view, const FollowedFile*>> Followed() const;

 private:
  TlsFiles(const Settings& settings, std::chrono::milliseconds poll);

  Result<void> Load();
  void Follow(const std::stop_token& stop);
  void Poll();
  Result<void> AdoptPair(const Result<ServerPair>& pair);
  Result<void> AdoptServerCa(const Result<std::string>& content);
  Result<void> AdoptFolder(const Result<CaFolder>& folder);
  Result<void> MakeRoots(const std::vector<Certificate>& own, const ClientAuthorities& authorities);
  void Publish();
  std::vector<Expiry> FindExpiries() const;

  Result<std::string> ReadServerCa() const;
  Result<CaFolder> ReadFolder() const;

  const Settings& settings_;
  const std::chrono::milliseconds poll_;
  const bool uses_folder_;
  // In force; the follower's own once it runs.
  ServerPair pair_;
  std::vector<Certificate> own_authorities_;
  ClientAuthorities authorities_;
  std::string client_roots_;
  // Last readings; the follower's own.
  std::optional<Settled<ServerPair>> pair_files_;
  std::optional<Settled<std::string>> server_ca_file_;
  std::optional<Settled<CaFolder>> folder_;
  FollowedFile pair_metrics_;
  FollowedFile server_ca_metrics_;
  FollowedFile folder_metrics_;

  mutable std::mutex expiries_mutex_;
  std::vector<Expiry> expiries_;  // guarded by expiries_mutex_

  std::shared_ptr<TlsCredentials> credentials_;
  std::unique_ptr<OrganizationCheck> check_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread follower_;  // last: it uses all of the above
};

}  // namespace orc
