// The settings of the server: one table of flag, environment variable, default, help and parser gives this struct, the
// flags of the command line and the checks of both. A flag wins over its variable, a variable over the default.
// Source: deployment.md 2.1 and behaviour.md section 21, with decisions.md (defaults).
//
// A variable that is set but empty counts as set. A value that is present and wrong stops the start: it is never
// replaced by a default. Values and pure functions, thread-safe but for ProcessEnvironment (getenv).
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "base/log.h"

namespace orc {

struct Settings {
  std::string channel_config;                     // path of the channel file
  std::string data_dir;                           // folder of the embedded store
  std::string listen_address;                     // host:port as gRPC takes it; port 0: any free port
  std::string http_address;                       // the same of the HTTP port; empty: there is none
  std::chrono::nanoseconds tx_retry_budget{};     // from 0
  int replay_events_batch_size = 0;               // events, from 1
  std::chrono::nanoseconds keepalive_min_time{};  // shortest interval between pings of a client, from 0
  bool keepalive_permit_without_stream = false;   // whether clients may ping without an open call
  int max_message_bytes = 0;                      // of a received message, from 1 KiB to 1 GiB
  int max_connections = 0;                        // from 1, as the other bounds
  int max_connections_per_address = 0;
  int max_streams_per_connection = 0;
  int max_unfinished_bytes = 0;                // received that are part of no complete request, from 1 MiB
  std::chrono::nanoseconds request_timeout{};  // for a request to come in, from 1 s
  int max_calls_per_organization = 0;
  int max_subscriptions_per_organization = 0;
  int max_bytes_per_organization = 0;         // held by its open calls, from 1 MiB
  std::chrono::nanoseconds shutdown_grace{};  // for running calls at shutdown, from 0
  bool tls_enabled = false;
  std::string tls_cert_path;  // these two: not empty with tls_enabled
  std::string tls_key_path;
  bool mtls_enabled = false;           // only with tls_enabled
  std::string tls_server_ca_cert;      // not empty with mtls_enabled
  std::string tls_client_ca_cert_dir;  // not empty with mtls_enabled or verify_client_msp_id
  bool verify_client_msp_id = false;
  std::string database_target;       // how libpq reaches the database; secret. Empty: embedded store
  int database_max_connections = 0;  // from 4
  std::chrono::nanoseconds database_statement_timeout{};  // from 1 s
  bool migrate = false;                                   // whether serving begins with bringing the schema up to date
  bool metrics_enabled = false;                           // /metrics on the HTTP port
  bool profiling = false;                                 // profiles on the HTTP port
  bool log_sql_verbose = false;                           // statements in the log, at debug
  LogLevel log_level = LogLevel::kInfo;
  std::vector<std::string> warnings;  // to be logged once the log is installed

  bool UsesDatabase() const { return !database_target.empty(); }
};

// What the settings are read for: a setting that only serving needs may be missing otherwise.
enum class Purpose { kServe, kMigrate };

// Durations of settings are at most this: gRPC counts them in milliseconds of 31 bits.
inline constexpr std::chrono::hours kMaxSettingDuration{500};

// The value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment ProcessEnvironment();

// Flag name without dashes -> value.
using FlagValues = std::map<std::string, std::string>;

// Adds one flag per setting to `app`; parsing fills `values`, which must outlive `app`.
void AddSettingsFlags(CLI::App& app, FlagValues& values);

// The settings, or one text for every wrong or missing one, in the order of the table; each names the variable or
// flag, its value (unless it may hold a password) and what is wanted; then what TLS settings miss of one another.
tl::expected<Settings, std::vector<std::string>> ReadSettings(const Environment& environment, const FlagValues& flags,
                                                              Purpose purpose = Purpose::kServe);

}  // namespace orc
