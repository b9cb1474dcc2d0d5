// The Snapshots and Transactions of a channel: the queries behind the wall that turns exceptions into errors.
#pragma once

#include <memory>
#include <utility>

#include "store/reading.h"
#include "store/sqlite/channel.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/queries.h"

namespace orc::sqlite {

// Holds one of the channel's readers.
class ChannelSnapshot final : public Reading<Snapshot, Queries, Wall> {
 public:
  ChannelSnapshot(Channel& channel, std::unique_ptr<Connection> reader)
      : Reading(Queries(*reader, seen_)), connection_(*reader), channel_(channel), reader_(std::move(reader)) {}
  ~ChannelSnapshot() override;

  // Fixes the state that is seen. The first call.
  Result<void> Start();

 private:
  Connection& connection_;
  Seen seen_;
  Channel& channel_;
  std::unique_ptr<Connection> reader_;
};

// Uses the channel's writer.
class ChannelTransaction final : public Reading<Transaction, Queries, Wall> {
 public:
  explicit ChannelTransaction(Channel& channel)
      : Reading(Queries(*channel.writer_, seen_)), connection_(*channel.writer_), channel_(channel) {
    channel_.writing_ = true;
  }
  ~ChannelTransaction() override;

  // The first call.
  Result<void> Start();
  Result<void> Apply(const ChangeSet& changes) override;
  Result<void> Commit() override;

 private:
  Connection& connection_;
  Seen seen_;
  Channel& channel_;
  int64_t commits_ = 0;   // of the channel before this one
  bool applied_ = false;  // there is something to commit
  bool ended_ = false;
};

}  // namespace orc::sqlite
