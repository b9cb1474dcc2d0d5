#include "store/postgres/channel.h"

#include <chrono>
#include <thread>

#include "base/log.h"
#include "domain/assert.h"
#include "store/postgres/changes.h"
#include "store/postgres/migrations.h"

namespace orc::postgres {
namespace {

constexpr std::chrono::milliseconds kSettlePause(100);

}  // namespace

Result<std::unique_ptr<Snapshot>> Channel::Read(Deadline deadline) {
  return Guarded([&]() -> Result<std::unique_ptr<Snapshot>> {
    return std::make_unique<ChannelSnapshot>(shared_.readers.Take(deadline), id_, deadline);
  });
}

Result<std::unique_ptr<Transaction>> Channel::Begin() {
  ORC_ASSERT(!writing_);
  return Guarded([this]() -> Result<std::unique_ptr<Transaction>> {
    Pool::Lease lease = shared_.writers.Take();
    lease->Queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    // The version in the same statement: whoever changes the schema waits for this transaction, or it for them.
    const Rows rows = lease->Ask(
        "SELECT position, timestamp_us, (SELECT max(version) FROM orchestrator.schema_version) "
        "FROM orchestrator.heads WHERE channel=$1::bigint FOR UPDATE",
        Parameters().Int(id_));
    if (rows.empty()) throw Damaged("the head is missing");
    CheckVersion(rows.Int32(0, 2));
    return std::make_unique<ChannelTransaction>(*this, std::move(lease), Head{rows.Int(0, 0), rows.Int(0, 1)});
  });
}

void Channel::Maintain() {
  ORC_ASSERT(!writing_);
  if (!committed_) return;
  shared_.follower.Committed(id_, *committed_);
  const std::string payload = std::to_string(id_) + " " + std::to_string(committed_->position);
  committed_.reset();
  // A hint, for which nobody waits: a poll finds what it would have told.
  const auto tell = [&]() -> Result<void> {
    const Pool::Lease lease = shared_.writers.TakeWithin(0);
    lease->Queue("SELECT pg_notify('orchestrator_heads', $1)", Parameters().Text(payload));
    lease->SendOnly();
    return {};
  };
  const Result<void> told = Guarded(tell);
  if (!told) Log(LogLevel::kDebug, "other replicas were not told of a commit", {{"error", told.error().text}});
}

bool Channel::IsStored(int64_t position, const Key& event_id, Deadline deadline) {
  const Pool::Lease lease = shared_.writers.Take(deadline);
  lease->LimitReplies(MillisecondsUntil(deadline, shared_.settle_ms));
  lease->Queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  // Changes nothing, but is a write, whose commit waits for standbys: what they confirm, they have with all before it.
  lease->Queue("UPDATE orchestrator.heads SET position=position WHERE channel=$1::bigint", Parameters().Int(id_));
  const Rows rows = lease->Ask("SELECT 1 FROM orchestrator.events WHERE channel=$1::bigint AND position=$2 AND id=$3",
                               Parameters().Int(id_).Int(position).AsKey(event_id));
  lease->Commit();
  return !rows.empty();
}

Result<void> Channel::Settle(int64_t position, const Key& event_id) noexcept {
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(shared_.settle_ms);
  for (;;) {
    const Result<bool> stored = Guarded([&]() -> Result<bool> { return IsStored(position, event_id, deadline); });
    if (stored && *stored) return {};
    if (stored) return tl::unexpected(StorageUnavailable("the connection to the database was lost"));
    if (std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(kSettlePause);
  }
  Log(LogLevel::kError, "the outcome of a commit is unknown", {{"position", std::to_string(position)}});
  return tl::unexpected(StorageUnavailable("the database was lost while it stored the call, which may have happened"));
}

ChannelSnapshot::~ChannelSnapshot() {
  // Nobody waits for the end of a read.
  if (lease->IsLost() || !lease->InTransaction()) return;
  Guarded([this]() -> Result<void> {
    lease->Queue("COMMIT");
    lease->SendOnly();
    return {};
  });
}

ChannelTransaction::ChannelTransaction(Channel& channel, Pool::Lease taken, const Head& head)
    : Holding(std::move(taken), channel.id_, head), Reading(Queries(session)), channel_(channel) {
  channel_.writing_ = true;
}

ChannelTransaction::~ChannelTransaction() {
  channel_.writing_ = false;
}

Result<void> ChannelTransaction::Apply(const ChangeSet& changes) {
  ORC_ASSERT(!ended_);
  return Call([&]() -> Result<void> {
    applied_ = true;
    if (!first_id_ && !changes.events.empty()) {
      first_position_ = changes.events.front().position;
      first_id_ = Key::FromCanonical(changes.events.front().id);
    }
    session.SetHead(WriteChanges(*lease, session.channel(), changes, session.head()));
    return {};
  });
}

Result<void> ChannelTransaction::Commit() {
  ORC_ASSERT(!ended_);
  return Call([this]() -> Result<void> {
    ended_ = true;
    try {
      if (applied_) QueueHead(*lease, session.channel(), session.head());
      lease->Commit();
    } catch (const Failure& failure) {
      if (!failure.connection_lost || !first_id_) return tl::unexpected(failure.error);
      lease.Close();  // whatever is left of the transaction ends, and with it the wait for the head's row
      ORC_TRY(channel_.Settle(first_position_, *first_id_));
    }
    if (first_id_) channel_.committed_ = session.head();
    return {};
  });
}

}  // namespace orc::postgres
