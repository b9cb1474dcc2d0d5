// A key belongs to one task, wherever a store has the earlier one: another is refused, and leaves no trace.
#include "tests/store/conformance.h"
#include "tests/store/model.h"

namespace orc {
namespace {

constexpr int64_t kTasks = 8;
constexpr int64_t kNew = kTasks + 1;  // the next task, which nothing is wrong with

void Write(ChannelStore& channel, const ChangeSet& changes) {
  {
    const auto transaction = Must(channel.Begin());
    Must(transaction->Apply(changes));
    Must(transaction->Commit());
  }
  channel.Maintain();
}

// Each task in a transaction of its own: where keys come into their tables late, some are there and some are not.
Changes WriteTasks(ChannelStore& channel) {
  Changes changes;
  for (int64_t order = 1; order <= kTasks; ++order) {
    changes.AddTask(MakeTask(order));
    Write(channel, changes.Take());
  }
  return changes;
}

// With the key of the `taken`th task.
TaskRow MakeSecond(int64_t order, int64_t taken) {
  TaskRow row = MakeTask(order);
  row.key = MakeTask(taken).key;
  return row;
}

// The channel has so many tasks and nothing else, each found by its key.
void ExpectTasks(ChannelStore& channel, int64_t count) {
  const auto snapshot = Must(channel.Read());
  EXPECT_EQ(Must(snapshot->GetHead()).position, count);
  EXPECT_EQ(Must(snapshot->ListTasks({}, {0, 0, 1'000, false})).size(), static_cast<size_t>(count));
  for (int64_t order = 1; order <= kNew; ++order) {
    const std::vector<Key> keys = {MakeTask(order).key};
    std::vector<TaskRow> wanted;
    if (order <= count) wanted.push_back(MakeTask(order));
    EXPECT_EQ(Show(Must(snapshot->FindTaskRows(keys))), Show(wanted));
  }
}

// The last one of `sets` is refused, and takes the others with it.
void ExpectRefused(ChannelStore& channel, const std::vector<ChangeSet>& sets) {
  {
    const auto transaction = Must(channel.Begin());
    for (size_t i = 0; i + 1 < sets.size(); ++i) Must(transaction->Apply(sets[i]));
    const Result<void> applied = transaction->Apply(sets.back());
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().kind, ErrorKind::kInternal);
    EXPECT_FALSE(transaction->Commit());
  }
  ExpectTasks(channel, kTasks);
}

// The new task is taken as if nothing had been tried before.
void ExpectNewIsTaken(ChannelStore& channel, Changes& changes) {
  changes.AddTask(MakeTask(kNew));
  Write(channel, changes.Take());
  ExpectTasks(channel, kNew);
}

TEST_P(StoreConformance, AStoredKeyIsNotTakenAgain) {
  Changes changes = WriteTasks(Channel());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    for (int64_t taken = 1; taken <= kTasks; ++taken) {
      SCOPED_TRACE(taken);
      Changes refused = changes;
      refused.AddTask(MakeTask(kNew));
      refused.AddTask(MakeSecond(kNew + 1, taken));
      ExpectRefused(Channel(), {refused.Take()});
    }
  }
  ExpectNewIsTaken(Channel(), changes);
}

TEST_P(StoreConformance, AKeyIsNotTakenTwiceInOneChangeSet) {
  Changes changes = WriteTasks(Channel());
  Changes refused = changes;
  for (const int64_t order : {kNew, kNew + 1}) refused.AddTask(MakeTask(order));
  refused.AddTask(MakeSecond(kNew + 2, kNew));
  ExpectRefused(Channel(), {refused.Take()});
  ExpectNewIsTaken(Channel(), changes);
}

TEST_P(StoreConformance, AKeyIsNotTakenTwiceInOneTransaction) {
  Changes changes = WriteTasks(Channel());
  Changes refused = changes;
  refused.AddTask(MakeTask(kNew));
  std::vector<ChangeSet> sets = {refused.Take()};
  refused.AddTask(MakeSecond(kNew + 1, kNew));
  sets.push_back(refused.Take());
  ExpectRefused(Channel(), sets);
  ExpectNewIsTaken(Channel(), changes);
}

}  // namespace
}  // namespace orc
