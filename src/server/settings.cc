#include "server/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "domain/text.h"
#include "server/database_target.h"
#include "server/duration.h"

namespace orc {
namespace {

constexpr int kDefaultDatabaseConnections = 16;
constexpr int kLeastDatabaseConnections = 4;
constexpr int kMaxInt = std::numeric_limits<int>::max();

// What is wrong with a value; nothing if it was taken.
using Complaint = std::optional<std::string>;

struct Setting {
  const char* flag;      // without dashes
  const char* variable;  // of the environment
  const char* fallback;  // parsed as if given; nullptr: see `required`
  bool required;
  bool secret;  // not to be shown
  const char* help;
  Complaint (*take)(const std::string& value, Settings& settings);
};

template <std::string Settings::*member>
Complaint TakePath(const std::string& value, Settings& settings) {
  if (value.empty() || value.find('\0') != std::string::npos) return "a path is wanted";
  settings.*member = value;
  return std::nullopt;
}

// Empty stands for none: whether one is needed depends on other settings.
template <std::string Settings::*member>
Complaint TakeOptionalPath(const std::string& value, Settings& settings) {
  if (value.find('\0') != std::string::npos) return "a path is wanted";
  settings.*member = value;
  return std::nullopt;
}

template <std::chrono::nanoseconds Settings::*member>
Complaint TakeDuration(const std::string& value, Settings& settings) {
  const auto duration = ParseGoDuration(value);
  if (!duration || duration->count() < 0 || *duration > kMaxSettingDuration) {
    return "a duration from 0s to 500h such as 500ms or 1m30s is wanted";
  }
  settings.*member = *duration;
  return std::nullopt;
}

template <int Settings::*member, int least, int most>
Complaint TakeInteger(const std::string& value, Settings& settings) {
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < least || number > most) {
    return "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is wanted";
  }
  settings.*member = number;
  return std::nullopt;
}

constexpr const char* kBoolWanted = "one of 1 t T TRUE true True 0 f F FALSE false False is wanted";

template <bool Settings::*member>
Complaint TakeBool(const std::string& value, Settings& settings) {
  const auto parsed = ParseGoBool(value);
  if (!parsed) return kBoolWanted;
  settings.*member = *parsed;
  return std::nullopt;
}

Complaint TakeDatabaseUrl(const std::string& value, Settings& settings) {
  settings.database_target = value;
  return std::nullopt;
}

Complaint TakeMaxConnections(const std::string& value, Settings& settings) {
  if (TakeInteger<&Settings::database_max_connections, 0, 10'000>(value, settings) ||
      (settings.database_max_connections > 0 && settings.database_max_connections < kLeastDatabaseConnections)) {
    return "0 or a whole number from 4 to 10000 is wanted";
  }
  return std::nullopt;
}

Complaint TakeRequestTimeout(const std::string& value, Settings& settings) {
  const auto complaint = TakeDuration<&Settings::request_timeout>(value, settings);
  if (!complaint && settings.request_timeout >= std::chrono::seconds(1)) return std::nullopt;
  return "a duration from 1s to 500h is wanted";
}

Complaint TakeStatementTimeout(const std::string& value, Settings& settings) {
  const auto complaint = TakeDuration<&Settings::database_statement_timeout>(value, settings);
  if (complaint || settings.database_statement_timeout < std::chrono::seconds(1) ||
      settings.database_statement_timeout > std::chrono::hours(1)) {
    return "a duration from 1s to 1h is wanted";
  }
  return std::nullopt;
}

bool IsPort(std::string_view text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 0 && port <= 65535;
}

template <std::string Settings::*member>
Complaint TakeListenAddress(const std::string& value, Settings& settings) {
  constexpr const char* kWanted = "host:port is wanted, such as 0.0.0.0:9000, [::]:9000 or :9000; port 0 is any free";
  const size_t colon = value.rfind(':');
  if (colon == std::string::npos || !IsPort(std::string_view(value).substr(colon + 1))) return kWanted;
  const std::string host = value.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const std::string_view inner = bracketed ? std::string_view(host).substr(1, host.size() - 2) : host;
  const auto legal = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_' ||
           (bracketed && (c == ':' || c == '%'));
  };
  if (!std::all_of(inner.begin(), inner.end(), legal)) return kWanted;
  settings.*member = host.empty() ? "[::]" + value : value;
  return std::nullopt;
}

Complaint TakeHttpAddress(const std::string& value, Settings& settings) {
  if (!value.empty()) return TakeListenAddress<&Settings::http_address>(value, settings);
  settings.http_address.clear();
  return std::nullopt;
}

// For the variables of the reference that it takes as false when it cannot read them.
constexpr char kMetricsEnabled[] = "METRICS_ENABLED";
constexpr char kLogSqlVerbose[] = "LOG_SQL_VERBOSE";
template <bool Settings::*member, const char* name>
Complaint TakeLenientBool(const std::string& value, Settings& settings) {
  const auto parsed = ParseGoBool(value);
  settings.*member = parsed.value_or(false);
  if (!parsed && !value.empty()) {
    settings.warnings.push_back(std::string(name) + " = " + Quote(value) + " is taken as false: " + kBoolWanted);
  }
  return std::nullopt;
}

// Level names, or the numbers -128 to 127 that stand for them in the deployments of the reference: 0 is debug, 4 fatal,
// and above is silence. Another word is no reason to stop: info, and a warning.
Complaint TakeLogLevel(const std::string& value, Settings& settings) {
  constexpr std::array<std::pair<std::string_view, LogLevel>, 8> kNames{{{"trace", LogLevel::kTrace},
                                                                         {"debug", LogLevel::kDebug},
                                                                         {"info", LogLevel::kInfo},
                                                                         {"warn", LogLevel::kWarn},
                                                                         {"error", LogLevel::kError},
                                                                         {"fatal", LogLevel::kFatal},
                                                                         {"panic", LogLevel::kOff},
                                                                         {"disabled", LogLevel::kOff}}};
  settings.log_level = LogLevel::kInfo;
  if (value.empty()) return std::nullopt;
  std::string word = value;
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto& [name, level] : kNames) {
    if (name == word) {
      settings.log_level = level;
      return std::nullopt;
    }
  }
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc{} && end == value.data() + value.size() && number >= -128 && number <= 127) {
    settings.log_level = static_cast<LogLevel>(std::clamp(number, -1, 5) + 1);
    return std::nullopt;
  }
  settings.warnings.push_back("failed to parse log level, defaulting to INFO: " + Quote(value));
  return std::nullopt;
}

using S = Settings;
constexpr std::array kTable{
    Setting{"channel-config", "ORCHESTRATOR_CHANNEL_CONFIG", nullptr, true, false,
            "path of the channel file: which organizations are in which channels", TakePath<&S::channel_config>},
    Setting{"data-dir", "ORCHESTRATOR_DATA_DIR", "./data", false, false, "folder of the embedded store",
            TakePath<&S::data_dir>},
    Setting{"listen", "ORCHESTRATOR_LISTEN_ADDRESS", "0.0.0.0:9000", false, false,
            "host:port to serve gRPC on; port 0 is any free port", TakeListenAddress<&S::listen_address>},
    Setting{"tx-retry-budget", "ORCHESTRATOR_TX_RETRY_BUDGET", "500ms", false, false,
            "accepted for existing deployments; calls never conflict here, so none is tried again",
            TakeDuration<&S::tx_retry_budget>},
    Setting{"replay-events-batch-size", "ORCHESTRATOR_REPLAY_EVENTS_BATCH_SIZE", "100", false, false,
            "events read from the store at a time when a subscriber is behind",
            TakeInteger<&S::replay_events_batch_size, 1, 100'000>},
    Setting{"grpc-keepalive-policy-min-time", "ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_MIN_TIME", "30s", false, false,
            "shortest interval between pings that a client may use", TakeDuration<&S::keepalive_min_time>},
    Setting{"grpc-keepalive-policy-permit-without-stream", "ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_PERMIT_WITHOUT_STREAM",
            "false", false, false, "whether clients may ping while they have no open call",
            TakeBool<&S::keepalive_permit_without_stream>},
    Setting{"max-message-bytes", "ORCHESTRATOR_MAX_MESSAGE_BYTES", "4194304", false, false,
            "largest message received from a client", TakeInteger<&S::max_message_bytes, 1024, 1 << 30>},
    Setting{"max-connections", "ORCHESTRATOR_MAX_CONNECTIONS", "2048", false, false, "open connections",
            TakeInteger<&S::max_connections, 1, 1'000'000>},
    Setting{"max-connections-per-address", "ORCHESTRATOR_MAX_CONNECTIONS_PER_ADDRESS", "1024", false, false,
            "open connections of one address", TakeInteger<&S::max_connections_per_address, 1, 1'000'000>},
    Setting{"max-streams-per-connection", "ORCHESTRATOR_MAX_STREAMS_PER_CONNECTION", "256", false, false,
            "open calls and subscriptions on one connection",
            TakeInteger<&S::max_streams_per_connection, 1, 1'000'000>},
    Setting{"max-unfinished-bytes", "ORCHESTRATOR_MAX_UNFINISHED_BYTES", "536870912", false, false,
            "bytes received that are part of no complete request; a quarter of them from one connection",
            TakeInteger<&S::max_unfinished_bytes, 1 << 20, kMaxInt>},
    Setting{"request-timeout", "ORCHESTRATOR_REQUEST_TIMEOUT", "60s", false, false,
            "how long a connection may take to begin, and to send a request", TakeRequestTimeout},
    Setting{"max-calls-per-organization", "ORCHESTRATOR_MAX_CALLS_PER_ORGANIZATION", "1000", false, false,
            "open calls of one organization", TakeInteger<&S::max_calls_per_organization, 1, 1'000'000>},
    Setting{"max-subscriptions-per-organization", "ORCHESTRATOR_MAX_SUBSCRIPTIONS_PER_ORGANIZATION", "512", false,
            false, "subscriptions of one organization",
            TakeInteger<&S::max_subscriptions_per_organization, 1, 1'000'000>},
    Setting{"max-bytes-per-organization", "ORCHESTRATOR_MAX_BYTES_PER_ORGANIZATION", "268435456", false, false,
            "bytes of the requests and answers of one organization's open calls",
            TakeInteger<&S::max_bytes_per_organization, 1 << 20, kMaxInt>},
    Setting{"shutdown-grace", "ORCHESTRATOR_SHUTDOWN_GRACE", "10s", false, false,
            "how long running calls may go on at shutdown", TakeDuration<&S::shutdown_grace>},
    Setting{"log-level", "LOG_LEVEL", "info", false, false, "trace, debug, info, warn, error, fatal, panic or disabled",
            TakeLogLevel},
    Setting{"http-address", "ORCHESTRATOR_HTTP_ADDRESS", "0.0.0.0:8484", false, false,
            "host:port for probes, metrics and profiles over plain HTTP; port 0 is any free port, empty is none",
            TakeHttpAddress},
    Setting{"metrics-enabled", kMetricsEnabled, "false", false, false, "metrics on the HTTP port",
            TakeLenientBool<&S::metrics_enabled, kMetricsEnabled>},
    Setting{"profiling", "ORCHESTRATOR_PROFILING", "false", false, false, "profiles on the HTTP port",
            TakeBool<&S::profiling>},
    Setting{"log-sql-verbose", kLogSqlVerbose, "false", false, false,
            "SQL statements in the log, without their arguments, at level debug",
            TakeLenientBool<&S::log_sql_verbose, kLogSqlVerbose>},
    Setting{"tls-enabled", "ORCHESTRATOR_TLS_ENABLED", "false", false, false, "TLS on the gRPC port",
            TakeBool<&S::tls_enabled>},
    Setting{"tls-cert-path", "ORCHESTRATOR_TLS_CERT_PATH", "", false, false,
            "PEM file with the server's certificate and the intermediate ones above it; wanted with TLS",
            TakeOptionalPath<&S::tls_cert_path>},
    Setting{"tls-key-path", "ORCHESTRATOR_TLS_KEY_PATH", "", false, false,
            "PEM file with the key of the server's certificate; wanted with TLS", TakeOptionalPath<&S::tls_key_path>},
    Setting{"mtls-enabled", "ORCHESTRATOR_MTLS_ENABLED", "false", false, false,
            "whether clients must present a certificate; with TLS only", TakeBool<&S::mtls_enabled>},
    Setting{"tls-server-ca-cert", "ORCHESTRATOR_TLS_SERVER_CA_CERT", "", false, false,
            "PEM file with the server's own CA, which may vouch for clients too; wanted with mutual TLS",
            TakeOptionalPath<&S::tls_server_ca_cert>},
    Setting{"tls-client-ca-cert-dir", "ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR", "", false, false,
            "folder with one folder of CA files per organization id; wanted with mutual TLS or the certificate check",
            TakeOptionalPath<&S::tls_client_ca_cert_dir>},
    Setting{"verify-client-msp-id", "ORCHESTRATOR_VERIFY_CLIENT_MSP_ID", "false", false, false,
            "whether the client's certificate must be of the organization that it acts for",
            TakeBool<&S::verify_client_msp_id>},
    Setting{"database-url", "ORCHESTRATOR_DATABASE_URL", "", false, true,
            "PostgreSQL database, as URL or in key=value form; without it, the embedded store", TakeDatabaseUrl},
    Setting{"database-max-connections", "ORCHESTRATOR_DATABASE_MAX_CONNECTIONS", "0", false, false,
            "connections to the database at the same time; 0 is pool_max_conns of the URL, or 16", TakeMaxConnections},
    Setting{"database-statement-timeout", "ORCHESTRATOR_DATABASE_STATEMENT_TIMEOUT", "30s", false, false,
            "how long the database may work on one statement", TakeStatementTimeout},
};

struct Given {
  std::string name;  // of the flag or variable it comes from
  std::string value;
};

std::optional<Given> Find(const Setting& setting, const Environment& environment, const FlagValues& flags) {
  if (const auto flag = flags.find(setting.flag); flag != flags.end()) {
    return Given{std::string("--") + setting.flag, flag->second};
  }
  if (auto value = environment(setting.variable)) return Given{setting.variable, *std::move(value)};
  if (setting.required) return std::nullopt;
  return Given{setting.variable, setting.fallback};
}

// What the TLS settings miss of one another. What would be served would be open to anybody, so it is an error.
void CheckTls(Settings& settings, std::vector<std::string>& wrong) {
  const auto want = [&](bool needed, bool given, const char* missing, const char* because) {
    if (needed && !given) wrong.push_back(std::string(missing) + " is wanted because " + because + " is true");
  };
  const Settings& s = settings;
  want(s.tls_enabled, !s.tls_cert_path.empty(), "ORCHESTRATOR_TLS_CERT_PATH", "ORCHESTRATOR_TLS_ENABLED");
  want(s.tls_enabled, !s.tls_key_path.empty(), "ORCHESTRATOR_TLS_KEY_PATH", "ORCHESTRATOR_TLS_ENABLED");
  want(s.mtls_enabled, s.tls_enabled, "ORCHESTRATOR_TLS_ENABLED = \"true\"", "ORCHESTRATOR_MTLS_ENABLED");
  want(s.mtls_enabled, !s.tls_server_ca_cert.empty(), "ORCHESTRATOR_TLS_SERVER_CA_CERT", "ORCHESTRATOR_MTLS_ENABLED");
  want(s.mtls_enabled || s.verify_client_msp_id, !s.tls_client_ca_cert_dir.empty(),
       "ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR",
       s.mtls_enabled ? "ORCHESTRATOR_MTLS_ENABLED" : "ORCHESTRATOR_VERIFY_CLIENT_MSP_ID");
  if (s.verify_client_msp_id && !s.mtls_enabled) {
    settings.warnings.push_back(
        "ORCHESTRATOR_VERIFY_CLIENT_MSP_ID is true without ORCHESTRATOR_MTLS_ENABLED: no client presents a "
        "certificate, "
        "so every call but those of the health service will be refused");
  }
}

// The database's address from its pieces when there is no URL, and the bound of connections that it may name.
Complaint CompleteDatabase(const Environment& environment, Settings& settings) {
  const tl::expected<DatabaseTarget, std::string> target = ReadDatabaseTarget(settings.database_target, environment);
  if (!target) return target.error();
  settings.database_target = target->target;
  if (settings.database_max_connections == 0) {
    settings.database_max_connections =
        std::max(target->max_connections.value_or(kDefaultDatabaseConnections), kLeastDatabaseConnections);
  }
  return std::nullopt;
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

void AddSettingsFlags(CLI::App& app, FlagValues& values) {
  for (const Setting& setting : kTable) {
    std::string help = std::string(setting.help) + " [" + setting.variable;
    if (!setting.required && *setting.fallback != '\0') help += std::string(", default ") + setting.fallback;
    app.add_option_function<std::string>(
           std::string("--") + setting.flag,
           [&values, flag = setting.flag](const std::string& value) { values[flag] = value; }, help + "]")
        ->type_name("");
  }
}

tl::expected<Settings, std::vector<std::string>> ReadSettings(const Environment& environment, const FlagValues& flags,
                                                              Purpose purpose) {
  Settings settings;
  std::vector<std::string> wrong;
  for (const Setting& setting : kTable) {
    const std::optional<Given> given = Find(setting, environment, flags);
    if (!given && purpose != Purpose::kServe) continue;
    if (!given) {
      wrong.push_back(std::string(setting.variable) + " is not set; it is required: " + setting.help);
      continue;
    }
    if (const Complaint complaint = setting.take(given->value, settings)) {
      const std::string shown = setting.secret ? "" : " = " + Quote(given->value);
      wrong.push_back(given->name + shown + ": " + *complaint);
    }
  }
  if (purpose == Purpose::kServe) CheckTls(settings, wrong);
  if (const Complaint complaint = CompleteDatabase(environment, settings)) wrong.push_back(*complaint);
  if (!wrong.empty()) return tl::unexpected(std::move(wrong));
  return settings;
}

}  // namespace orc
