// The program: `orchestrator serve|migrate|check|version|healthcheck`.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "server/check.h"
#include "server/healthcheck.h"
#include "server/logging.h"
#include "server/serve.h"
#include "server/version.h"

// Read by jemalloc at the start: free memory goes back to the system within about a second, by a thread of its own.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";

namespace {

enum class Command { kServe, kMigrate, kCheck };

orc::ExitCode Run(Command command, const orc::FlagValues& flags, bool migrate) {
  const auto purpose = command == Command::kMigrate ? orc::Purpose::kMigrate : orc::Purpose::kServe;
  auto settings = orc::ReadSettings(orc::ProcessEnvironment(), flags, purpose);
  if (!settings && command == Command::kCheck) return orc::ReportSettings(settings.error(), std::cout);
  if (!settings) {
    orc::InstallLogging(orc::LogLevel::kInfo);
    for (const std::string& error : settings.error()) {
      orc::Log(orc::LogLevel::kFatal, "a setting is wrong", {{"error", error}});
    }
    return orc::ExitCode::kSetUp;
  }
  settings->migrate = migrate;
  if (command == Command::kCheck) return orc::Check(*settings, std::cout);
  orc::InstallLogging(settings->log_level);
  for (const std::string& warning : settings->warnings) orc::Log(orc::LogLevel::kWarn, warning);
  return command == Command::kMigrate ? orc::Migrate(*settings) : orc::Serve(*settings);
}

}  // namespace

int main(int argc, char** argv) {
  // The probe has the flags of another program, in that program's style.
  if (argc > 1 && std::string_view(argv[1]) == "healthcheck") {
    const int code = orc::RunHealthcheck(std::vector<std::string>(argv + 2, argv + argc), std::cout, std::cerr);
    // Not by `return`: gRPC's threads may still be connecting, by libraries which that takes apart.
    std::cout.flush();
    std::cerr.flush();
    std::_Exit(code);
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
  CLI::App& check = *app.add_subcommand("check", "Look at everything that serving needs, and say what is wrong");
  orc::AddSettingsFlags(check, flags);
  check.add_flag("--migrate", migrate_first, "whether `serve` will be given it");
  app.add_subcommand("version", "Print the version");
  app.add_subcommand("healthcheck", "Ask a server for its health; flags of grpc_health_probe, see healthcheck -help");
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const orc::ExitCode code =
        app.exit(error) == 0 ? orc::ExitCode::kDone : orc::ExitCode::kSetUp;  // --help is no error
    return static_cast<int>(code);
  }
  if (app.got_subcommand("version")) {
    std::cout << orc::Version() << '\n';
    return 0;
  }
  const Command command = app.got_subcommand("migrate") ? Command::kMigrate
                          : app.got_subcommand("check") ? Command::kCheck
                                                        : Command::kServe;
  return static_cast<int>(Run(command, flags, migrate_first));
}
