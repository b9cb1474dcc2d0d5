#include "server/stores.h"

#include "store/sqlite/sqlite_store.h"

namespace orc {
namespace {

int32_t Milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<int32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

PostgresOptions MakePostgresOptions(const Settings& settings) {
  PostgresOptions options;
  options.target = settings.database_target;
  options.max_connections = settings.database_max_connections;
  options.statement_ms = Milliseconds(settings.database_statement_timeout);
  options.migrate = settings.migrate;
  return options;
}

ExitCode CodeOf(const Error& error) {
  return error.kind == ErrorKind::kBadRequest ? ExitCode::kSetUp : ExitCode::kStore;
}

Result<std::unique_ptr<Store>> OpenStore(const Settings& settings) {
  if (settings.UsesDatabase()) return OpenPostgresStore(MakePostgresOptions(settings));
  SqliteOptions options;
  options.folder = settings.data_dir;
  return OpenSqliteStore(options);
}

}  // namespace orc
