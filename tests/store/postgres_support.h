// What the tests of the PostgreSQL store share: a store on a database of its own, and writes through it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "store/postgres/postgres_store.h"
#include "tests/store/conformance.h"
#include "tests/support/postgres_server.h"

namespace orc {

// The defaults, with the migration at the start.
PostgresOptions Options(const std::string& target);

// A change set that continues `head`: one task and its event, whose id no other call gives.
ChangeSet OneTask(const Head& head);

// Writes OneTask as a channel's writer does; `event_id` is set before the commit.
Result<void> WriteOne(ChannelStore& channel, std::string* event_id = nullptr);

Result<Head> ReadHead(ChannelStore& channel);

// Whether `done` becomes true within `limit`.
bool Eventually(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(20));

}  // namespace orc
