// The embedded store: channels in a folder, without any other program.
//
// It implements store/store.h over SQLite. The returned Store is thread-safe and must outlive all that it hands out.
// At most one process uses a folder at a time, and one Store per process.
//
//   <folder>/lock                    held (flock) for the life of the Store; its text is the holder's process id
//   <folder>/channels/<name>.db      one database per channel, with -wal and -shm beside it; <name> is the channel's
//                                    name with all bytes but [A-Za-z0-9_-] as %XX, cut and followed by ~ and a SHA-256
//                                    when too long for a file name; the true name is stored inside
//
// Durability: a commit returns once the log of the database is synced (WAL, synchronous=FULL). A commit whose sync
// failed may still be whole in the log, where a crash would bring it back; so the store overwrites the log's tail
// before it takes the next transaction, and the failed call is answered kUnavailable. Only a crash while the medium
// refuses that write too can bring back changes that were answered kUnavailable.
//
// Checkpoints: SQLite before 3.51.3 can corrupt a database when a commit or checkpoint resets the log while another
// connection checkpoints. Automatic checkpoints are therefore off on every connection, readers are read-only, and the
// writer's connection alone checkpoints, in ChannelStore::Maintain(), between its transactions.
//
// Reads hold back the shortening of the log: one that stays open for minutes lets the file grow by all that is written
// meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "domain/error.h"
#include "store/store.h"

namespace orc {

struct SqliteOptions {
  std::filesystem::path folder;    // created when absent
  int32_t read_connections = 8;    // per channel, at least 1; opened when needed, then kept (2 MiB of cache each)
  int32_t reader_wait_ms = 5'000;  // how long Read() waits for a free connection
  int32_t busy_wait_ms = 2'000;    // how long SQLite itself waits for a lock of the file
  int32_t recent_keys = 131'072;   // per channel: how many keys make a generation at most (sqlite/recent_keys.h)
};

// Takes the folder. Channels are opened, and their schemas brought up to date, by OpenChannel.
//
// Fails with kUnavailable when the folder cannot be created or written, or another process holds it (the text names
// the folder and, when known, the process). OpenChannel fails with kUnavailable as store.h says, and with kInternal
// when the file belongs to another channel, is damaged, or was written by a newer program; it is then left as it is.
Result<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options);

// What an operator should know of a data folder before a server uses it.
struct SqliteFolderFacts {
  bool exists = false;
  size_t channels = 0;      // database files
  bool in_use = false;      // by a server that runs now
  std::string holder;       // ` (process 123)` of that server; empty if it does not tell
  uint64_t free_bytes = 0;  // on the medium of the folder, or of the nearest folder above it that exists
};

// Changes nothing. Fails with kUnavailable when the folder cannot be read, or could not be written or created.
Result<SqliteFolderFacts> InspectSqliteFolder(const std::filesystem::path& folder);

}  // namespace orc
