// The program: `orchestrator serve|migrate|version|healthcheck`.
#include <CLI/CLI.hpp>
#include <iostream>

#include "server/healthcheck.h"
#include "server/logging.h"
#include "server/serve.h"
#include "server/version.h"

// Read by jemalloc at the start: free memory goes back to the system within about a second, by a thread of its own.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";

namespace {

int Run(orc::Purpose purpose, const orc::FlagValues& flags, bool migrate) {
  auto settings = orc::ReadSettings(orc::ProcessEnvironment(), flags, purpose);
  if (!settings) {
    orc::InstallLogging(orc::LogLevel::kInfo);
    for (const std::string& error : settings.error()) {
      orc::Log(orc::LogLevel::kFatal, "a setting is wrong", {{"error", error}});
    }
    return 1;
  }
  orc::InstallLogging(settings->log_level);
  for (const std::string& warning : settings->warnings) orc::Log(orc::LogLevel::kWarn, warning);
  settings->migrate = migrate;
  return purpose == orc::Purpose::kMigrate ? orc::Migrate(*settings) : orc::Serve(*settings);
}

}  // namespace

int main(int argc, char** argv) {
  // The probe has the flags of another program, in that program's style.
  if (argc > 1 && std::string_view(argv[1]) == "healthcheck") {
    return orc::RunHealthcheck(std::vector<std::string>(argv + 2, argv + argc), std::cout, std::cerr);
  }
  orc::PrepareSignals();
  CLI::App app(
      "Orchestrator: the registry, event log and task state machine of a federated-learning network.\n"
      "Without a command it serves.",
      "orchestrator");
  orc::FlagValues flags;
  CLI::App& serve = *app.add_subcommand("serve", "Serve gRPC until SIGTERM or SIGINT");
  orc::AddSettingsFlags(serve, flags);
  bool migrate_first = false;
  serve.add_flag("--migrate", migrate_first, "bring the database's schema up to date before serving");
  CLI::App& migrate =
      *app.add_subcommand("migrate", "Bring the database's schema up to date; to be run once per release");
  orc::AddSettingsFlags(migrate, flags);
  app.add_subcommand("version", "Print the version");
  app.add_subcommand("healthcheck", "Ask a server for its health; flags of grpc_health_probe, see healthcheck -help");
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;  // --help is no error
  }
  if (app.got_subcommand("version")) {
    std::cout << orc::Version() << '\n';
    return 0;
  }
  const bool only_migrate = app.got_subcommand("migrate");
  return Run(only_migrate ? orc::Purpose::kMigrate : orc::Purpose::kServe, flags, migrate_first);
}
