#include "store/postgres/inspect.h"

#include <chrono>

#include "store/postgres/migrations.h"

namespace orc::postgres {
namespace {

int64_t ClockUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

PostgresFacts Inspect(Connection& connection) {
  constexpr std::string_view kServer =
      "SELECT current_setting('server_version')::bytea, "
      "has_database_privilege(current_database(), 'CREATE') AND (to_regnamespace('orchestrator') IS NULL "
      "OR has_schema_privilege('orchestrator', 'CREATE')), "
      "coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid=pg_backend_pid()), false), "
      "current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean, "
      "current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint, "
      "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
  connection.Ask("SELECT 1");  // what comes first may have waited for the connection
  const int64_t before_us = ClockUs();
  const Rows server = connection.Ask(kServer);
  const int64_t after_us = ClockUs();
  PostgresFacts facts;
  facts.version = server.Bytes(0, 0);
  facts.may_create = server.Bool(0, 1);
  facts.encrypted = server.Bool(0, 2);
  facts.fsync = server.Bool(0, 3);
  facts.full_page_writes = server.Bool(0, 4);
  facts.connections = server.Int32(0, 5);
  facts.clock_ahead_us = server.Int(0, 6) - (before_us + after_us) / 2;
  facts.schema = StoredVersion(connection);
  facts.schema_wanted = SchemaVersion();
  if (facts.schema > 0) {
    facts.newest_event_us = connection.Ask("SELECT coalesce(max(timestamp_us), 0) FROM orchestrator.heads").Int(0, 0);
  }
  return facts;
}

}  // namespace orc::postgres
