// One channel in the database, with its snapshots and transactions. Thread safety and failures as ChannelStore says.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "store/postgres/failure.h"
#include "store/postgres/follower.h"
#include "store/postgres/pool.h"
#include "store/postgres/queries.h"
#include "store/reading.h"
#include "store/store.h"

namespace orc::postgres {

// What the channels of a store share.
struct Shared {
  Pool& readers;
  Pool& writers;
  Follower& follower;
  int32_t settle_ms;
};

class Channel final : public ChannelStore {
 public:
  Channel(const Shared& shared, int64_t id) : shared_(shared), id_(id) {}

  Result<std::unique_ptr<Snapshot>> Read(Deadline deadline) override;
  Result<std::unique_ptr<Transaction>> Begin() override;
  // Tells other processes of the last commit.
  void Maintain() override;

 private:
  friend class ChannelTransaction;

  // Whether the event with this id is at `position`, once nobody writes the channel any more and what is there is as
  // durable as a commit.
  bool IsStored(int64_t position, const Key& event_id, Deadline deadline);
  // After a commit whose answer was lost.
  Result<void> Settle(int64_t position, const Key& event_id) noexcept;

  const Shared shared_;
  const int64_t id_;
  // Of the channel's writer:
  bool writing_ = false;           // a transaction exists
  std::optional<Head> committed_;  // not told to others yet
};

// What a connection and a session on it have in common with the queries over them.
struct Holding {
  template <class... Further>
  Holding(Pool::Lease taken, int64_t channel, const Further&... further)
      : lease(std::move(taken)), session(*lease, channel, further...) {}

  Pool::Lease lease;
  Session session;
};

// Base from member: the queries need the session first.
class ChannelSnapshot final : private Holding, public Reading<Snapshot, Queries, Wall> {
 public:
  ChannelSnapshot(Pool::Lease taken, int64_t channel, Deadline deadline)
      : Holding(std::move(taken), channel, deadline), Reading(Queries(session)) {}
  ~ChannelSnapshot() override;
};

class ChannelTransaction final : private Holding, public Reading<Transaction, Queries, Wall> {
 public:
  ChannelTransaction(Channel& channel, Pool::Lease taken, const Head& head);
  ~ChannelTransaction() override;

  Result<void> Apply(const ChangeSet& changes) override;
  Result<void> Commit() override;

 private:
  Channel& channel_;
  bool applied_ = false;  // there is something to commit
  bool ended_ = false;
  // The first event written: by its presence one knows that the commit happened.
  int64_t first_position_ = 0;
  std::optional<Key> first_id_;
};

}  // namespace orc::postgres
