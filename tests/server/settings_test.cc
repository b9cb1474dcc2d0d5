#include "server/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orc {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Variables = std::map<std::string, std::string>;

tl::expected<Settings, std::vector<std::string>> Read(const Variables& variables, const FlagValues& flags = {}) {
  return ReadSettings(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      flags);
}

Variables With(const std::string& name, const std::string& value) {
  Variables variables{{"ORCHESTRATOR_CHANNEL_CONFIG", "/config.yaml"}};
  variables[name] = value;
  return variables;
}

TEST(ReadSettings, Defaults) {
  const auto settings = Read({{"ORCHESTRATOR_CHANNEL_CONFIG", "/config.yaml"}});
  ASSERT_TRUE(settings) << settings.error()[0];
  EXPECT_EQ(settings->channel_config, "/config.yaml");
  EXPECT_EQ(settings->data_dir, "./data");
  EXPECT_EQ(settings->listen_address, "0.0.0.0:9000");
  EXPECT_EQ(settings->tx_retry_budget, 500ms);
  EXPECT_EQ(settings->replay_events_batch_size, 100);
  EXPECT_EQ(settings->keepalive_min_time, 30s);
  EXPECT_FALSE(settings->keepalive_permit_without_stream);
  EXPECT_EQ(settings->max_message_bytes, 4'194'304);
  EXPECT_EQ(settings->max_connections, 2048);
  EXPECT_EQ(settings->max_connections_per_address, 1024);
  EXPECT_EQ(settings->max_streams_per_connection, 256);
  EXPECT_EQ(settings->max_unfinished_bytes, 512 << 20);
  EXPECT_EQ(settings->request_timeout, 60s);
  EXPECT_EQ(settings->max_calls_per_organization, 1000);
  EXPECT_EQ(settings->max_subscriptions_per_organization, 512);
  EXPECT_EQ(settings->max_bytes_per_organization, 256 << 20);
  EXPECT_EQ(settings->shutdown_grace, 10s);
  EXPECT_EQ(settings->log_level, LogLevel::kInfo);
  EXPECT_THAT(settings->warnings, ElementsAre());
}

TEST(ReadSettings, BoundsOfThePort) {
  const auto wrong = Read({{"ORCHESTRATOR_CHANNEL_CONFIG", "/config.yaml"},
                           {"ORCHESTRATOR_MAX_CONNECTIONS", "0"},
                           {"ORCHESTRATOR_MAX_UNFINISHED_BYTES", "1000"},
                           {"ORCHESTRATOR_REQUEST_TIMEOUT", "999ms"},
                           {"ORCHESTRATOR_MAX_CALLS_PER_ORGANIZATION", "many"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(
      wrong.error(),
      ElementsAre("ORCHESTRATOR_MAX_CONNECTIONS = \"0\": a whole number from 1 to 1000000 is wanted",
                  "ORCHESTRATOR_MAX_UNFINISHED_BYTES = \"1000\": a whole number from 1048576 to 2147483647 is wanted",
                  "ORCHESTRATOR_REQUEST_TIMEOUT = \"999ms\": a duration from 1s to 500h is wanted",
                  "ORCHESTRATOR_MAX_CALLS_PER_ORGANIZATION = \"many\": a whole number from 1 to 1000000 is wanted"));
  const auto settings = Read(With("ORCHESTRATOR_REQUEST_TIMEOUT", "1s"));
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->request_timeout, 1s);
}

TEST(ReadSettings, TheEnvironmentOfTheChart) {
  const auto settings = Read({{"ORCHESTRATOR_CHANNEL_CONFIG", "/var/orchestrator/config.yaml"},
                              {"ORCHESTRATOR_DATA_DIR", "/data"},
                              {"ORCHESTRATOR_LISTEN_ADDRESS", "[::]:0"},
                              {"ORCHESTRATOR_TX_RETRY_BUDGET", "1m30s"},
                              {"ORCHESTRATOR_REPLAY_EVENTS_BATCH_SIZE", "7"},
                              {"ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_MIN_TIME", "5s"},
                              {"ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_PERMIT_WITHOUT_STREAM", "T"},
                              {"ORCHESTRATOR_MAX_MESSAGE_BYTES", "1048576"},
                              {"ORCHESTRATOR_SHUTDOWN_GRACE", "0s"},
                              {"LOG_LEVEL", "DEBUG"},
                              {"ORCHESTRATOR_TLS_ENABLED", "true"},
                              {"ORCHESTRATOR_TLS_CERT_PATH", "/tls/tls.crt"},
                              {"ORCHESTRATOR_TLS_KEY_PATH", "/tls/tls.key"},
                              {"ORCHESTRATOR_MTLS_ENABLED", "1"},
                              {"ORCHESTRATOR_TLS_SERVER_CA_CERT", "/tls/ca.crt"},
                              {"ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR", "/tls/client/"},
                              {"ORCHESTRATOR_VERIFY_CLIENT_MSP_ID", "T"},
                              {"ORCHESTRATOR_DATABASE_URL", ""}});
  ASSERT_TRUE(settings) << settings.error()[0];
  EXPECT_EQ(settings->channel_config, "/var/orchestrator/config.yaml");
  EXPECT_EQ(settings->data_dir, "/data");
  EXPECT_EQ(settings->listen_address, "[::]:0");
  EXPECT_EQ(settings->tx_retry_budget, 90s);
  EXPECT_EQ(settings->replay_events_batch_size, 7);
  EXPECT_EQ(settings->keepalive_min_time, 5s);
  EXPECT_TRUE(settings->keepalive_permit_without_stream);
  EXPECT_EQ(settings->max_message_bytes, 1'048'576);
  EXPECT_EQ(settings->shutdown_grace, 0s);
  EXPECT_EQ(settings->log_level, LogLevel::kDebug);
  EXPECT_TRUE(settings->tls_enabled && settings->mtls_enabled && settings->verify_client_msp_id);
  EXPECT_EQ(settings->tls_cert_path, "/tls/tls.crt");
  EXPECT_EQ(settings->tls_key_path, "/tls/tls.key");
  EXPECT_EQ(settings->tls_server_ca_cert, "/tls/ca.crt");
  EXPECT_EQ(settings->tls_client_ca_cert_dir, "/tls/client/");
  EXPECT_THAT(settings->warnings, ElementsAre());
}

TEST(ReadSettings, TlsIsOffByDefaultAndItsPathsAreThenNotWanted) {
  const auto settings = Read({{"ORCHESTRATOR_CHANNEL_CONFIG", "x"}, {"ORCHESTRATOR_TLS_CERT_PATH", ""}});
  ASSERT_TRUE(settings) << settings.error()[0];
  EXPECT_FALSE(settings->tls_enabled || settings->mtls_enabled || settings->verify_client_msp_id);
}

TEST(ReadSettings, TheCheckWithoutMutualTlsWarns) {
  const auto settings = Read({{"ORCHESTRATOR_CHANNEL_CONFIG", "x"},
                              {"ORCHESTRATOR_VERIFY_CLIENT_MSP_ID", "true"},
                              {"ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR", "/tls/client"}});
  ASSERT_TRUE(settings) << settings.error()[0];
  EXPECT_THAT(settings->warnings, ElementsAre(HasSubstr("without ORCHESTRATOR_MTLS_ENABLED")));
}

TEST(ReadSettings, TheHttpPort) {
  EXPECT_EQ(Read(With("LOG_LEVEL", "info"))->http_address, "0.0.0.0:8484");
  EXPECT_EQ(Read(With("ORCHESTRATOR_HTTP_ADDRESS", ":80"))->http_address, "[::]:80");
  EXPECT_EQ(Read(With("ORCHESTRATOR_HTTP_ADDRESS", ""))->http_address, "");
  EXPECT_FALSE(Read(With("ORCHESTRATOR_HTTP_ADDRESS", "8484")));
  EXPECT_FALSE(Read(With("LOG_LEVEL", "info"))->metrics_enabled);
  EXPECT_TRUE(Read(With("METRICS_ENABLED", "true"))->metrics_enabled);
  EXPECT_FALSE(Read(With("LOG_LEVEL", "info"))->profiling);
  EXPECT_TRUE(Read(With("ORCHESTRATOR_PROFILING", "1"))->profiling);
  EXPECT_FALSE(Read(With("ORCHESTRATOR_PROFILING", "on")));
}

// As the server that this one replaces takes them.
TEST(ReadSettings, TwoSwitchesThatCannotBeReadAreFalse) {
  EXPECT_TRUE(Read(With("LOG_SQL_VERBOSE", "1"))->log_sql_verbose);
  EXPECT_THAT(Read(With("LOG_SQL_VERBOSE", ""))->warnings, ElementsAre());
  const auto settings = Read(With("METRICS_ENABLED", "yes"));
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->metrics_enabled);
  EXPECT_THAT(settings->warnings, ElementsAre(StartsWith("METRICS_ENABLED = \"yes\" is taken as false: one of 1 t T")));
}

TEST(ReadSettings, TheDatabase) {
  Variables variables = With("ORCHESTRATOR_DATABASE_URL", "postgresql://host/db?pool_max_conns=30");
  EXPECT_FALSE(Read(With("LOG_LEVEL", "info"))->UsesDatabase());
  EXPECT_TRUE(Read(variables)->UsesDatabase());
  EXPECT_EQ(Read(variables)->database_max_connections, 30);
  EXPECT_EQ(Read(variables)->database_statement_timeout, 30s);
  variables["ORCHESTRATOR_DATABASE_MAX_CONNECTIONS"] = "40";
  EXPECT_EQ(Read(variables)->database_max_connections, 40);
  EXPECT_EQ(Read(With("ORCHESTRATOR_DATABASE_URL", "host=x pool_max_conns=1"))->database_max_connections, 4);
  EXPECT_EQ(Read(With("DATABASE_HOSTNAME", "x"))->database_target, "host='x'");
  EXPECT_EQ(Read(With("DATABASE_HOSTNAME", "x"))->database_max_connections, 16);
}

TEST(ReadSettings, MigratingNeedsTheDatabaseOnly) {
  const auto none = [](const char*) -> std::optional<std::string> { return std::nullopt; };
  EXPECT_TRUE(ReadSettings(none, {}, Purpose::kMigrate));
  EXPECT_FALSE(ReadSettings(none, {}, Purpose::kServe));
}

TEST(ReadSettings, EveryWrongSettingIsReported) {
  const auto settings = Read({{"ORCHESTRATOR_TX_RETRY_BUDGET", "500"},
                              {"ORCHESTRATOR_REPLAY_EVENTS_BATCH_SIZE", "0"},
                              {"ORCHESTRATOR_TLS_ENABLED", ""},
                              {"ORCHESTRATOR_MTLS_ENABLED", "true"},
                              {"ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR", "/tls/client"},
                              {"ORCHESTRATOR_DATABASE_URL", "postgresql://user:password@host/db?pool_max_conns=no"}},
                             {{"listen", "nowhere"}});
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error(),
              ElementsAre("ORCHESTRATOR_CHANNEL_CONFIG is not set; it is required: path of the channel file: which "
                          "organizations are in which channels",
                          StartsWith("--listen = \"nowhere\": host:port is wanted"),
                          "ORCHESTRATOR_TX_RETRY_BUDGET = \"500\": a duration from 0s to 500h such as 500ms or 1m30s "
                          "is wanted",
                          "ORCHESTRATOR_REPLAY_EVENTS_BATCH_SIZE = \"0\": a whole number from 1 to 100000 is wanted",
                          "ORCHESTRATOR_TLS_ENABLED = \"\": one of 1 t T TRUE true True 0 f F FALSE false False is "
                          "wanted",
                          "ORCHESTRATOR_TLS_ENABLED = \"true\" is wanted because ORCHESTRATOR_MTLS_ENABLED is true",
                          "ORCHESTRATOR_TLS_SERVER_CA_CERT is wanted because ORCHESTRATOR_MTLS_ENABLED is true",
                          StartsWith("pool_max_conns of the database's address: a whole number")));
  for (const std::string& each : settings.error()) EXPECT_THAT(each, Not(HasSubstr("password")));
}

TEST(ReadSettings, WrongValuesOfEachSetting) {
  const std::pair<const char*, std::vector<const char*>> cases[] = {
      {"ORCHESTRATOR_CHANNEL_CONFIG", {""}},
      {"ORCHESTRATOR_DATA_DIR", {""}},
      {"ORCHESTRATOR_LISTEN_ADDRESS",
       {"", "9000", "host", "host:", ":", "host:65536", "host:-1", "host:+1", "host:http", "::1:9000", "[::1:9000",
        "a b:9000", "[]:9000", "unix:/x", "a/b:1"}},
      {"ORCHESTRATOR_TX_RETRY_BUDGET", {"", "x", "-1s", "501h"}},
      {"ORCHESTRATOR_REPLAY_EVENTS_BATCH_SIZE", {"", "0", "-1", "1.5", "100001", "99999999999999999999", "1x", " 1"}},
      {"ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_MIN_TIME", {"", "30"}},
      {"ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_PERMIT_WITHOUT_STREAM", {"", "yes"}},
      {"ORCHESTRATOR_MAX_MESSAGE_BYTES", {"", "1023", "1073741825"}},
      {"ORCHESTRATOR_SHUTDOWN_GRACE", {"", "forever"}},
      {"ORCHESTRATOR_TLS_ENABLED", {"", "yes"}},
      {"ORCHESTRATOR_MTLS_ENABLED", {"", "yes"}},
      {"ORCHESTRATOR_VERIFY_CLIENT_MSP_ID", {"", "yes"}},
      {"ORCHESTRATOR_DATABASE_MAX_CONNECTIONS", {"", "x", "-1", "3", "10001"}},
      {"ORCHESTRATOR_DATABASE_STATEMENT_TIMEOUT", {"", "x", "0s", "999ms", "61m"}},
  };
  for (const auto& [name, values] : cases) {
    for (const char* value : values) {
      const auto settings = Read(With(name, value));
      ASSERT_FALSE(settings) << name << "=" << value;
      EXPECT_THAT(settings.error(), ElementsAre(StartsWith(name))) << value;
    }
  }
}

TEST(ReadSettings, ListenAddresses) {
  const std::pair<const char*, const char*> cases[] = {
      {"127.0.0.1:0", "127.0.0.1:0"}, {"localhost:65535", "localhost:65535"},
      {"[::1]:9000", "[::1]:9000"},   {"[fe80::1%eth0]:9000", "[fe80::1%eth0]:9000"},
      {":9000", "[::]:9000"},
  };
  for (const auto& [given, taken] : cases) {
    const auto settings = Read(With("ORCHESTRATOR_LISTEN_ADDRESS", given));
    ASSERT_TRUE(settings) << given;
    EXPECT_EQ(settings->listen_address, taken);
  }
}

TEST(ReadSettings, LogLevels) {
  const std::pair<const char*, LogLevel> cases[] = {
      {"", LogLevel::kInfo},        {"trace", LogLevel::kTrace}, {"Debug", LogLevel::kDebug}, {"INFO", LogLevel::kInfo},
      {"warn", LogLevel::kWarn},    {"error", LogLevel::kError}, {"fatal", LogLevel::kFatal}, {"panic", LogLevel::kOff},
      {"disabled", LogLevel::kOff}, {"-1", LogLevel::kTrace},    {"0", LogLevel::kDebug},     {"2", LogLevel::kWarn},
      {"4", LogLevel::kFatal},      {"5", LogLevel::kOff},       {"-128", LogLevel::kTrace},  {"127", LogLevel::kOff}};
  for (const auto& [word, level] : cases) {
    const auto settings = Read(With("LOG_LEVEL", word));
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->log_level, level) << word;
    EXPECT_THAT(settings->warnings, ElementsAre()) << word;
  }
  for (const char* word : {"notice", "128", "1.0"}) {
    const auto settings = Read(With("LOG_LEVEL", word));
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->log_level, LogLevel::kInfo);
    EXPECT_THAT(settings->warnings, ElementsAre(HasSubstr("failed to parse log level, defaulting to INFO")));
  }
}

TEST(SettingsFlags, AFlagWinsOverItsVariable) {
  CLI::App app;
  FlagValues flags;
  AddSettingsFlags(app, flags);
  app.parse("--listen=127.0.0.1:0 --tx-retry-budget 2s --channel-config /flag.yaml", false);
  const auto settings = Read({{"ORCHESTRATOR_CHANNEL_CONFIG", "/variable.yaml"},
                              {"ORCHESTRATOR_TX_RETRY_BUDGET", "nonsense"},
                              {"ORCHESTRATOR_DATA_DIR", "/variable"}},
                             flags);
  ASSERT_TRUE(settings) << settings.error()[0];
  EXPECT_EQ(settings->channel_config, "/flag.yaml");
  EXPECT_EQ(settings->listen_address, "127.0.0.1:0");
  EXPECT_EQ(settings->tx_retry_budget, 2s);
  EXPECT_EQ(settings->data_dir, "/variable");
}

TEST(SettingsFlags, HelpNamesVariablesAndDefaults) {
  CLI::App app;
  FlagValues flags;
  AddSettingsFlags(app, flags);
  const std::string help = app.help();
  EXPECT_THAT(help, HasSubstr("--shutdown-grace"));
  EXPECT_THAT(help, HasSubstr("[ORCHESTRATOR_SHUTDOWN_GRACE, default 10s]"));
}

TEST(ProcessEnvironment, ReadsTheEnvironment) {
  setenv("ORCHESTRATOR_SETTINGS_TEST", "", 1);
  EXPECT_EQ(ProcessEnvironment()("ORCHESTRATOR_SETTINGS_TEST"), "");
  unsetenv("ORCHESTRATOR_SETTINGS_TEST");
  EXPECT_EQ(ProcessEnvironment()("ORCHESTRATOR_SETTINGS_TEST"), std::nullopt);
}

}  // namespace
}  // namespace orc
