// The PostgreSQL store: all channels in one database, for any number of processes at once.
//
// It implements store/store.h over libpq. The returned Store is thread-safe and must outlive all that it hands out.
//
// Writers: a transaction holds the row of its channel's head from Begin to Commit, which orders the writers of all
// processes; READ COMMITTED is therefore enough. A process that dies in a transaction frees the row at once; one that
// hangs, or whose host has gone, does so after `idle_ms`.
//
// Reads: a Snapshot is one REPEATABLE READ transaction, begun together with its first question. Its statements end with
// the deadline of Read; `reply_margin_ms` later a silent database counts as lost. To open a connection may take longer:
// connect_timeout per host.
//
// A commit whose answer is lost is settled over another connection: it waits for the head's row, and so for the old
// transaction's end, and looks whether the first event written is there. It commits what it has seen, so that it says
// "stored" only of what synchronous standbys have too. So is a commit settled for whose standby the database has ceased
// to wait. When all this cannot be found out in `settle_ms`, the commit answers kUnavailable though it may have
// happened.
//
// Failures: as store.h says. A database that is away, too new, too old, full or read-only is kUnavailable, and all is
// well again as soon as the database is: connections are opened anew, after pauses that grow to 2 s. A pool whose
// connections are all taken is kUnavailable after `pool_wait_ms`.
//
// Sessions keep prepared statements and settings: a pooling proxy must give each connection a session of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "domain/error.h"
#include "store/store.h"

namespace orc {

struct PostgresOptions {
  std::string target;            // as libpq takes it: URL or key/value form; secret
  int32_t max_connections = 16;  // of this process, at least 4: one listens, a quarter writes, the others read
  int32_t pool_wait_ms = 5'000;  // how long a call waits for a free connection
  int32_t statement_ms = 30'000;
  int32_t lock_ms = 5'000;           // how long a writer waits for the channel's head
  int32_t idle_ms = 10'000;          // how long the database waits for the next statement of a transaction
  int32_t reply_margin_ms = 10'000;  // silence of the database, beyond these limits, that counts as its loss
  int32_t settle_ms = 15'000;        // for finding out what became of a commit
  int32_t poll_ms = 250;             // between two looks at the heads, if no hint comes
  bool migrate = false;              // whether to bring an older schema up to date when a channel is opened
};

// How many reads can be under way at the same time.
int32_t ReadingConnections(const PostgresOptions& options);

// Does not connect. kBadRequest: the target is not understood; the text does not repeat it.
Result<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& options);

// Brings the database's schema up to date; the number of steps that were missing. Safe when several do it at once.
// kUnavailable when the database cannot be reached or is busy, kInternal when its schema is newer than this program's.
Result<int32_t> MigratePostgres(const PostgresOptions& options);

// What an operator should know of a database before a server uses it.
struct PostgresFacts {
  std::string version;           // such as "15.14"
  int32_t schema = 0;            // stored; 0: none yet
  int32_t schema_wanted = 0;     // of this program
  bool may_create = false;       // whether the user may create what a migration creates
  bool encrypted = false;        // whether this connection uses TLS
  bool fsync = true;             // off: a crash of its host may lose or damage anything
  bool full_page_writes = true;  // off: as above
  int64_t clock_ahead_us = 0;    // the database's clock less ours
  int64_t newest_event_us = 0;   // of all channels; 0: there is none
  int32_t connections = 0;       // that it takes from ordinary users, over all
};

// Connects once and changes nothing. Fails as OpenPostgresStore does, and with kUnavailable when the database cannot be
// reached or read.
Result<PostgresFacts> InspectPostgres(const PostgresOptions& options);

}  // namespace orc
