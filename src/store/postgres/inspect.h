// A look at a database from outside: what an operator should know before a server uses it. Changes nothing. Throws as
// Connection does.
#pragma once

#include "store/postgres/connection.h"
#include "store/postgres/postgres_store.h"

namespace orc::postgres {

PostgresFacts Inspect(Connection& connection);

}  // namespace orc::postgres
