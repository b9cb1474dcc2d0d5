// The store that the settings choose: PostgreSQL when they name a database, else the embedded one. Thread-safe.
#pragma once

#include <memory>

#include "server/settings.h"
#include "store/postgres/postgres_store.h"
#include "store/store.h"

namespace orc {

PostgresOptions MakePostgresOptions(const Settings& settings);

// Fails as OpenPostgresStore and OpenSqliteStore do.
Result<std::unique_ptr<Store>> OpenStore(const Settings& settings);

}  // namespace orc
