// The schema of a channel's database, as the list of steps that lead to it. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "domain/error.h"
#include "store/sqlite/connection.h"

namespace orc::sqlite {

struct Migration {
  int32_t version;  // PRAGMA user_version after it; contiguous from 1
  const char* sql;
};

// A released migration never changes: a later one corrects it.
std::span<const Migration> Migrations();

// Fails with kInternal when the database is of a newer version than this program knows; writes nothing. `path` is for
// the text. Throws as Connection does.
Result<void> CheckVersion(Connection& connection, const std::string& path);

// Brings a database that passed CheckVersion up to the newest version, one transaction per step, on a writer's
// connection. Throws as Connection does; the steps done so far stay.
void Migrate(Connection& connection);

}  // namespace orc::sqlite
