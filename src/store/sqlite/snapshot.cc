#include "store/sqlite/snapshot.h"

#include "domain/assert.h"
#include "store/sqlite/changes.h"

namespace orc::sqlite {
namespace {

// Generations come into the tables once in thousands of commits: a second try already is rare.
constexpr int kMaxTries = 100;

}  // namespace

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
    HeadRow row = ReadHead(connection_);  // the first read fixes the state
    seen_.keys = channel_.keys_.View();
    for (int tries = 0; seen_.keys.after.order > row.keyed.order || seen_.keys.after.position > row.keyed.position;) {
      // A generation of keys has come into the tables since, and is neither here nor in the state.
      if (++tries > kMaxTries) throw Damaged("the keys in memory are ahead of the tables");
      connection_.Run("ROLLBACK");
      connection_.Run("BEGIN");
      row = ReadHead(connection_);
      seen_.keys = channel_.keys_.View();
    }
    seen_.head = row.head;
    seen_.keyed = row.keyed;
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
    const HeadRow row = ReadHead(connection_);
    seen_ = {row.head, row.keyed, channel_.keys_.View()};
    commits_ = row.commits;
    return {};
  });
}

Result<void> ChannelTransaction::Apply(const ChangeSet& changes) {
  ORC_ASSERT(!ended_);
  return Call([&]() -> Result<void> {
    applied_ = true;
    WriteChanges(connection_, changes, channel_.keys_, seen_.head);
    return {};
  });
}

Result<void> ChannelTransaction::Commit() {
  ORC_ASSERT(!ended_);
  return Call([this]() -> Result<void> {
    if (!applied_) return {};
    WriteHead(connection_, {seen_.head, commits_ + 1, channel_.keys_.Move(connection_, seen_.head.position)});
    const Result<void> committed = Guarded([this]() -> Result<void> {
      connection_.Run("COMMIT");
      return {};
    });
    ended_ = true;
    const Result<void> settled = committed ? committed : channel_.Settle(commits_ + 1, committed.error());
    if (settled) channel_.keys_.Committed();
    return settled;
  });
}

}  // namespace orc::sqlite
