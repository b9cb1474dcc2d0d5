// How the database is reached: from one URL (or key=value text), or from the pieces that deployments give
// (deployment.md 2.2). Pure functions, thread-safe.
//
// Parameters that only pools and drivers of other languages know (pool_..., and a few more) are taken out; the bound of
// connections among them is kept.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "server/settings.h"

namespace orc {

struct DatabaseTarget {
  std::string target;                  // for libpq; empty: there is no database. Secret
  std::optional<int> max_connections;  // pool_max_conns
};

// `url` if it is not empty; else, when DATABASE_HOSTNAME is set, what DATABASE_HOSTNAME, _PORT, _DATABASE, _USERNAME,
// _PASSWORD and _CONNECTION_PARAMETERS give, each prefixed by ORCHESTRATOR_ or, failing that, not. The parameters are
// separated by & or spaces, their values percent-encoded as in a URL. Failure: a text without values.
tl::expected<DatabaseTarget, std::string> ReadDatabaseTarget(const std::string& url, const Environment& environment);

}  // namespace orc
