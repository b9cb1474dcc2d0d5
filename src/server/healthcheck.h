// The `healthcheck` command: asks a server for its health once, with the flags and exit codes of grpc_health_probe
// 0.4.25 (deployment.md 1.17), so that probes of existing deployments work unchanged. Its ALTS, SPIFFE and gzip flags
// are not known here. Runs on the caller's thread for at most the two timeouts; not thread-safe in its streams.
#pragma once

#include <chrono>
#include <iosfwd>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace orc {

enum HealthcheckExit {
  kServing = 0,
  kBadArguments = 1,
  kConnectionFailed = 2,
  kRpcFailed = 3,
  kNotServing = 4,
};

struct HealthcheckOptions {
  std::string address;  // host:port; :port is this host
  std::string service;
  std::string user_agent = "grpc_health_probe";
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(1);
  std::chrono::nanoseconds rpc_timeout = std::chrono::seconds(1);
  std::vector<std::pair<std::string, std::string>> headers;
  bool tls = false;
  bool tls_no_verify = false;
  std::string tls_ca_cert;  // these three: paths of PEM files
  std::string tls_client_cert;
  std::string tls_client_key;
  std::string tls_server_name;
  bool verbose = false;
  bool help = false;
};

// The forms of Go's flag package: -flag value, -flag=value, with one dash or two; -flag alone for booleans. Failure: a
// text that says which argument is wrong, or which ones do not go together.
tl::expected<HealthcheckOptions, std::string> ParseHealthcheckFlags(std::span<const std::string> arguments);

// Prints `status: SERVING` (or another) to `out` and what goes wrong to `err`. Returns a HealthcheckExit.
int RunHealthcheck(std::span<const std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace orc
