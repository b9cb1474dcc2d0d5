// Writes a ChangeSet over a connection that is inside a write transaction.
//
// Not thread-safe. Throws as Connection does; what was written before stays until the transaction is rolled back.
// Aborts on a ChangeSet that breaks the contract of store.h: an event that does not continue the channel, a head that
// is not the last event's, a group or label on a kind without one. Rows that do not fit what is stored (a key that is
// taken, a changed row or a task of an edge that does not exist) throw instead: damage on the medium looks the same.
#pragma once

#include "store/sqlite/connection.h"
#include "store/sqlite/recent_keys.h"
#include "store/store.h"

namespace orc::sqlite {

// `head` is the head before the changes, and after it becomes the head after them. It is not written: WriteHead does
// that once per transaction. The keys of new rows go to `keys`.
void WriteChanges(Connection& connection, const ChangeSet& changes, RecentKeys& keys, Head& head);

// The row of the channel itself.
struct HeadRow {
  Head head;
  int64_t commits = 0;  // of the channel, and some more
  Keyed keyed;
};
HeadRow ReadHead(Connection& connection);
void WriteHead(Connection& connection, const HeadRow& row);

}  // namespace orc::sqlite
