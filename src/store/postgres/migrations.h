// The schema in the database, as the list of steps that lead to it, and the proof that a connection has found it.
//
// All tables are in the schema `orchestrator` of the database, beside whatever else is there. A released step never
// changes: a later one corrects it. Thread-safe; functions throw as Connection does.
#pragma once

#include <cstdint>

#include "store/postgres/connection.h"

namespace orc::postgres {

// The version that this program reads and writes.
int32_t SchemaVersion();

// The version in the database; 0: there is none yet.
int32_t StoredVersion(Connection& connection);

// Throws kUnavailable, with a text that says what to do, unless `stored` is SchemaVersion(). Logs what it finds when it
// is not what was found last.
void CheckVersion(int32_t stored);

// Brings the database to SchemaVersion() in one transaction; the number of steps done. Waits for others that do the
// same, and for running writers. Throws kInternal when the database is of a newer version.
int32_t MigrateDatabase(Connection& connection);

}  // namespace orc::postgres
