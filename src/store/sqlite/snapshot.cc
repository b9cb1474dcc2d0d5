#include "store/sqlite/snapshot.h"

#include "domain/assert.h"
#include "store/sqlite/changes.h"

namespace orc::sqlite {

ChannelSnapshot::~ChannelSnapshot() {
  const bool ended = connection_.TryRun("ROLLBACK");
  if (ended && !HasFailed()) {
    channel_.GiveBack(std::move(reader_));
  } else {
    channel_.Discard(std::move(reader_));
  }
}

Result<void> ChannelSnapshot::Start() {
  return Call([this]() -> Result<void> {
    connection_.Run("BEGIN");
    head_ = ReadHead(connection_);  // the first read fixes the state
    return {};
  });
}

ChannelTransaction::~ChannelTransaction() {
  if (!ended_) channel_.RollBack();
  channel_.writing_ = false;
}

Result<void> ChannelTransaction::Start() {
  return Call([this]() -> Result<void> {
    connection_.Run("BEGIN IMMEDIATE");
    head_ = ReadHead(connection_);
    commits_ = ReadCommits(connection_);
    return {};
  });
}

Result<void> ChannelTransaction::Apply(const ChangeSet& changes) {
  ORC_ASSERT(!ended_);
  return Call([&]() -> Result<void> {
    applied_ = true;
    WriteChanges(connection_, changes, head_);
    return {};
  });
}

Result<void> ChannelTransaction::Commit() {
  ORC_ASSERT(!ended_);
  return Call([this]() -> Result<void> {
    if (!applied_) return {};
    WriteHead(connection_, head_, commits_ + 1);
    const Result<void> committed = Guarded([this]() -> Result<void> {
      connection_.Run("COMMIT");
      return {};
    });
    ended_ = true;
    return committed ? committed : channel_.Settle(commits_ + 1, committed.error());
  });
}

}  // namespace orc::sqlite
