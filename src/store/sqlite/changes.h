// Writes a ChangeSet over a connection that is inside a write transaction.
//
// Not thread-safe. Throws as Connection does; what was written before stays until the transaction is rolled back.
// Aborts on a ChangeSet that breaks the contract of store.h: an event that does not continue the channel, a head that
// is not the last event's, a group or label on a kind without one. Rows that do not fit what is stored (a key that is
// taken, a changed row or a task of an edge that does not exist) throw instead: damage on the medium looks the same.
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

namespace orc::sqlite {

// `head` is the head before the changes, and after it becomes the head after them. It is not written: WriteHead does
// that once per transaction.
void WriteChanges(Connection& connection, const ChangeSet& changes, Head& head);

// `commits` counts the commits of the channel.
void WriteHead(Connection& connection, const Head& head, int64_t commits);
int64_t ReadCommits(Connection& connection);

}  // namespace orc::sqlite
