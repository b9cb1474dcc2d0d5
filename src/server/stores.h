// The store that the settings choose: PostgreSQL when they name a database, else the embedded one. Thread-safe.
#pragma once

#include <memory>

#include "server/exit_code.h"
#include "server/settings.h"
#include "store/postgres/postgres_store.h"
#include "store/store.h"

namespace orc {

PostgresOptions MakePostgresOptions(const Settings& settings);

// What it means for the program that a store cannot be used: a bad address is a setting.
ExitCode CodeOf(const Error& error);

// Fails as OpenPostgresStore and OpenSqliteStore do.
Result<std::unique_ptr<Store>> OpenStore(const Settings& settings);

}  // namespace orc
