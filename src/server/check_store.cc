#include "server/check_store.h"

#include <chrono>
#include <cmath>

#include "domain/text.h"
#include "rpc/x509.h"
#include "server/stores.h"
#include "store/sqlite/sqlite_store.h"

namespace orc {
namespace {

constexpr uint64_t kLittleSpaceBytes = uint64_t{1} << 30;
constexpr int64_t kSecondUs = 1'000'000;

std::string Megabytes(uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

void CheckFolder(const Settings& settings, CheckReport& report) {
  report.Begin("data folder");
  const std::string folder = Quote(settings.data_dir);
  const Result<SqliteFolderFacts> facts = InspectSqliteFolder(settings.data_dir);
  if (!facts) return report.Wrong(facts.error().text, ExitCode::kStore);
  if (facts->free_bytes < kLittleSpaceBytes) {
    return report.Warn("only " + Megabytes(facts->free_bytes) + " are free at " + folder);
  }
  if (facts->in_use) {
    return report.Warn(folder + " is in use by a running server" + facts->holder +
                       "; a second one cannot use it at the same time");
  }
  report.Fine(folder +
              (facts->exists ? " holds " + std::to_string(facts->channels) + " channels, " : " will be created, ") +
              Megabytes(facts->free_bytes) + " free");
}

void CheckSchema(const PostgresFacts& facts, bool will_migrate, CheckReport& report) {
  report.Begin("schema");
  const std::string stored = "version " + std::to_string(facts.schema);
  if (facts.schema > facts.schema_wanted) {
    return report.Wrong("the database has " + stored + ", this program knows " + std::to_string(facts.schema_wanted) +
                            ": start the newer program",
                        ExitCode::kStore);
  }
  if (facts.schema == facts.schema_wanted) return report.Fine(stored);
  const std::string missing = facts.schema == 0 ? "the database has none yet" : "the database has " + stored;
  if (!facts.may_create) {
    return report.Wrong(missing +
                            ", and its user may not create it: GRANT CREATE ON DATABASE, then `orchestrator "
                            "migrate`",
                        ExitCode::kStore);
  }
  if (will_migrate) return report.Fine(missing + "; `serve --migrate` will create it");
  report.Wrong(missing + ": run `orchestrator migrate`, or serve with --migrate", ExitCode::kStore);
}

void CheckDatabaseClock(const PostgresFacts& facts, CheckReport& report) {
  report.Begin("database clock");
  const double ahead_s = static_cast<double>(facts.clock_ahead_us) / kSecondUs;
  const std::string text = std::to_string(std::llround(std::abs(ahead_s) * 1000)) + " ms " +
                           (ahead_s < 0 ? "behind" : "ahead of") + " this machine's";
  if (std::abs(ahead_s) > 1) return report.Warn(text + ": let both follow a time server");
  report.Fine(text);
}

void CheckDatabase(const Settings& settings, CheckReport& report) {
  report.Begin("database");
  const Result<PostgresFacts> facts = InspectPostgres(MakePostgresOptions(settings));
  if (!facts) return report.Wrong(facts.error().text, CodeOf(facts.error()));
  report.Fine("PostgreSQL " + facts->version + (facts->encrypted ? ", over TLS" : ", without TLS"));
  if (!facts->fsync || !facts->full_page_writes) {
    report.Warn("fsync or full_page_writes is off: a crash of its host can lose calls that were answered with success");
  }
  if (facts->connections < settings.database_max_connections) {
    report.Warn("it takes " + std::to_string(facts->connections) +
                " connections in all, and this server alone may open " +
                std::to_string(settings.database_max_connections) + ": lower ORCHESTRATOR_DATABASE_MAX_CONNECTIONS");
  }
  CheckSchema(*facts, settings.migrate, report);
  CheckDatabaseClock(*facts, report);
  const auto now_us =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  if (facts->newest_event_us > now_us + kSecondUs) {
    report.Warn("the newest event is of " + FormatTime(TimePoint(std::chrono::microseconds(facts->newest_event_us))) +
                ", later than now: until then new events get that time");
  }
}

}  // namespace

void CheckStore(const Settings& settings, CheckReport& report) {
  if (settings.UsesDatabase()) {
    CheckDatabase(settings, report);
  } else {
    CheckFolder(settings, report);
  }
}

}  // namespace orc
