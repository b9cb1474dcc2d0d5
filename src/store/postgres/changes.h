// Writes a ChangeSet over a connection that is inside a write transaction, in bulk: one statement per kind of row, all
// in one round trip.
//
// Not thread-safe. Throws as Connection does; what was written before stays until the transaction is rolled back.
// Aborts on a ChangeSet that breaks the contract of store.h: an event that does not continue the channel, a head that
// is not the last event's, a group or label on a kind without one. Rows that do not fit what is stored (a key that is
// taken, a changed row or a task of an edge that does not exist) throw instead: damage in the database looks the same.
#pragma once

#include "store/postgres/connection.h"
#include "store/store.h"

namespace orc::postgres {

// `head` is the head before the changes; the head after them. It is not written: QueueHead does that once per
// transaction.
Head WriteChanges(Connection& connection, int64_t channel, const ChangeSet& changes, Head head);

void QueueHead(Connection& connection, int64_t channel, const Head& head);

}  // namespace orc::postgres
