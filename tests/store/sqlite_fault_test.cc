// The embedded store when the medium or the process fails: what was acknowledged is there, what was refused is not.
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>

#include "store/sqlite/folder.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/store/conformance.h"
#include "tests/store/fault_vfs.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

namespace pb = orchestrator;
using testing::StartsWith;

constexpr char kChannel[] = "a";

// Keys come into their tables while the medium fails.
SqliteOptions FewKeys(const std::filesystem::path& folder) {
  return {.folder = folder, .recent_keys = 20};
}

// `tasks` tasks with their events, the first of which goes on as child of all others; bodies of `body_bytes`.
ChangeSet Batch(Head head, int64_t tasks, size_t body_bytes) {
  Changes changes(head);
  for (int64_t i = 0; i < tasks; ++i) {
    changes.AddTask(MakeTask(head.position + i + 1));
    changes.set.new_tasks.back().body.resize(body_bytes, 'x');
    if (i > 0) changes.set.edges.push_back({MakeTask(head.position + 1).key, changes.set.new_tasks.back().row.key, 0});
  }
  return changes.Take();
}

Result<void> Write(ChannelStore& channel, const ChangeSet& changes) {
  ORC_ASSIGN(const std::unique_ptr<Transaction> transaction, channel.Begin());
  ORC_TRY(transaction->Apply(changes));
  return transaction->Commit();
}

Head HeadOf(ChannelStore& channel) {
  return Must(Must(channel.Read())->GetHead());
}

// Tasks and events were always written together: so many of both, without gap, whatever happened.
void ExpectWhole(ChannelStore& channel, int64_t position) {
  const auto snapshot = Must(channel.Read());
  ASSERT_EQ(Must(snapshot->GetHead()).position, position);
  int64_t next = 1;
  for (;;) {
    const auto events = Must(snapshot->EventsAfter(next - 1, 1'000, 100'000'000));
    if (events.empty()) break;
    for (const EventRow& event : events) ASSERT_EQ(event.position, next++);
  }
  EXPECT_EQ(next, position + 1);
  const auto tasks = Must(snapshot->ListTasks({}, {0, 0, 1'000'000, false}));
  ASSERT_EQ(static_cast<int64_t>(tasks.size()), position);
  std::vector<Key> keys;
  for (const FullTaskRow& task : tasks) keys.push_back(task.row.key);
  EXPECT_EQ(static_cast<int64_t>(Must(snapshot->FindTaskRows(keys)).size()), position);
  for (size_t i = 0; i < keys.size(); i += keys.size() / 100 + 1) {
    EventFilter filter;
    filter.asset_key = keys[i].ToString();
    EXPECT_EQ(Must(snapshot->ListEvents(filter, {0, 0, 10, false})).size(), 1U);
  }
}

// --- kill -9 ---

// Writes until it is killed, and tells each acknowledged position.
[[noreturn]] void WriteUntilKilled(const std::filesystem::path& folder, int pipe, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto store = OpenSqliteStore(FewKeys(folder));
  if (!store) _exit(1);
  const auto channel = (*store)->OpenChannel(kChannel);
  if (!channel) _exit(2);
  for (;;) {
    const auto snapshot = (*channel)->Read();
    const Head head = *(*snapshot)->GetHead();
    const ChangeSet changes = Batch(head, static_cast<int64_t>(random() % 20) + 1, random() % 60'000);
    if (!Write(**channel, changes)) _exit(3);
    if (write(pipe, &changes.head.position, sizeof changes.head.position) != sizeof changes.head.position) _exit(4);
    (*channel)->Maintain();
  }
}

// Starts a writer, kills it, and returns the last position that it acknowledged, or `last`.
int64_t KillOneWriter(const std::filesystem::path& folder, int64_t last, std::mt19937_64& random) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const uint64_t seed = random();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    WriteUntilKilled(folder, ends[1], seed);
  }
  close(ends[1]);
  std::this_thread::sleep_for(std::chrono::microseconds(20'000 + random() % 180'000));
  kill(child, SIGKILL);
  int64_t position = 0;
  while (read(ends[0], &position, sizeof position) == sizeof position) last = position;
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
  return last;
}

TEST(SqliteFaults, AKilledWriterLosesNothingItAcknowledged) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const TempFolder folder;
  int64_t position = 0;
  for (int round = 0; round < 30 && !testing::Test::HasFailure(); ++round) {
    const int64_t acknowledged = KillOneWriter(folder.path(), position, random);
    const auto store = Must(OpenSqliteStore(FewKeys(folder.path())));
    ChannelStore& channel = *Must(store->OpenChannel(kChannel));
    position = HeadOf(channel).position;
    EXPECT_GE(position, acknowledged);
    ExpectWhole(channel, position);
  }
  EXPECT_GT(position, 0);
}

// --- no space ---

void LimitFiles(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

// Runs in a process of its own, since the limit is the process's. 0: all as it should be; else where it was not.
int RunOutOfSpace(const std::filesystem::path& folder) {
  signal(SIGXFSZ, SIG_IGN);
  const auto store = Must(OpenSqliteStore(FewKeys(folder)));
  ChannelStore& channel = *Must(store->OpenChannel(kChannel));
  if (!Write(channel, Batch({}, 10, 100))) return 1;
  LimitFiles(300'000);
  Result<void> written;
  int64_t position = 10;
  for (int i = 0; i < 1'000 && written; ++i) {
    written = Write(channel, Batch(HeadOf(channel), 10, 1'000));
    if (written) position += 10;
  }
  if (written || written.error().kind != ErrorKind::kUnavailable) return 2;
  if (!written.error().text.starts_with("storage is not available: ")) return 3;
  if (HeadOf(channel).position != position) return 4;
  if (Write(channel, Batch(HeadOf(channel), 1'000, 1'000))) return 5;  // larger than the cache: fails while applying
  if (HeadOf(channel).position != position) return 6;
  LimitFiles(RLIM_INFINITY);
  if (!Write(channel, Batch(HeadOf(channel), 10, 1'000))) return 7;
  ExpectWhole(channel, position + 10);
  return testing::Test::HasFailure() ? 8 : 0;
}

TEST(SqliteFaults, AFullDiskRefusesWritesUntilThereIsSpace) {
  const TempFolder folder;
  EXPECT_EXIT(_exit(RunOutOfSpace(folder.path())), testing::ExitedWithCode(0), "");
}

// --- failing writes and syncs ---

// The database as it would be found after a power cut right now.
int64_t PositionAfterCrash(const std::filesystem::path& folder) {
  const TempFolder copy;
  std::filesystem::create_directories(copy.path() / "channels");
  const std::string file = sqlite::ChannelFileName(kChannel);
  for (const std::string& name : {file, file + "-wal"}) {
    if (std::filesystem::exists(folder / "channels" / name)) {
      std::filesystem::copy_file(folder / "channels" / name, copy.path() / "channels" / name);
    }
  }
  const auto store = Must(OpenSqliteStore(FewKeys(copy.path())));
  ChannelStore& channel = *Must(store->OpenChannel(kChannel));
  const int64_t position = HeadOf(channel).position;
  ExpectWhole(channel, position);
  return position;
}

class FailingMedium : public testing::TestWithParam<int> {};

// The medium fails after each number of batches up to this one: one of the refused commits begins to move a generation
// of keys into the tables, one ends that.
constexpr int kBatchesBefore = 6;

// After a success every key must be found by the next transaction: a read would wait for keys that are lost.
Result<void> WriteBatch(ChannelStore& channel) {
  const ChangeSet batch = Batch(HeadOf(channel), 3, 2'000);
  ORC_TRY(Write(channel, batch));
  std::vector<Key> keys;
  for (int64_t order = 1; order <= batch.head.position; ++order) keys.push_back(MakeTask(order).key);
  const size_t found = Must(Must(channel.Begin())->FindTaskRows(keys)).size();
  if (found != keys.size()) throw std::runtime_error("keys of written tasks are lost");
  return {};
}

void WriteBatches(ChannelStore& channel, int count) {
  for (int i = 0; i < count; ++i) Must(WriteBatch(channel));
}

// Enough for more than one generation of keys: all of it is there, before and after the process ends.
void ExpectWritesGoOn(std::unique_ptr<Store> store, const std::filesystem::path& folder) {
  constexpr int kBatches = 10;
  ChannelStore& channel = *Must(store->OpenChannel(kChannel));
  int64_t position = HeadOf(channel).position;
  for (int i = 0; i < kBatches; ++i) {
    WriteBatches(channel, 1);
    ExpectWhole(channel, position += 3);
  }
  store.reset();
  store = Must(OpenSqliteStore(FewKeys(folder)));
  ExpectWhole(*Must(store->OpenChannel(kChannel)), position);
}

// Lets each operation of a commit fail in turn, the last of which is its sync: by then the whole commit is in the log.
void RefuseAtEachOperation(ChannelStore& channel, const std::filesystem::path& folder, Faults& faults) {
  int64_t position = HeadOf(channel).position;
  int refused = 0;
  for (int64_t operation = 0;; ++operation) {
    faults.fail_at = faults.operations + operation;
    const Result<void> written = WriteBatch(channel);
    const bool reached = faults.operations > faults.fail_at;
    faults.fail_at = -1;
    if (written) {
      position += 3;
    } else {
      ++refused;
      EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
      EXPECT_THAT(written.error().text, StartsWith("storage is not available: "));
    }
    EXPECT_EQ(HeadOf(channel).position, position);
    EXPECT_EQ(PositionAfterCrash(folder), position) << "operation " << operation;
    if (!reached) break;
  }
  EXPECT_GT(refused, 5);
}

// Runs the test, then goes on writing, with each number of batches written before it.
void AfterEachBatch(
    int code,
    const std::function<void(ChannelStore& channel, const std::filesystem::path& folder, Faults& faults)>& test) {
  for (int batches = 0; batches <= kBatchesBefore; ++batches) {
    SCOPED_TRACE(batches);
    const TempFolder folder;
    Faults& faults = InstallFaults();
    faults.code = code;
    auto store = Must(OpenSqliteStore(FewKeys(folder.path())));
    ChannelStore& channel = *Must(store->OpenChannel(kChannel));
    WriteBatches(channel, batches);
    test(channel, folder.path(), faults);
    ExpectWritesGoOn(std::move(store), folder.path());
  }
}

TEST_P(FailingMedium, ARefusedCommitDoesNotComeBack) {
  AfterEachBatch(GetParam(), RefuseAtEachOperation);
}

// The medium refuses for a while, the repair of the log included; then all goes on.
TEST_P(FailingMedium, WritesGoOnWhenTheMediumDoes) {
  AfterEachBatch(GetParam(), [](ChannelStore& channel, const std::filesystem::path& folder, Faults& faults) {
    const int64_t position = HeadOf(channel).position;
    faults.fail_at = faults.operations;
    faults.fail_count = 1'000'000;
    for (int i = 0; i < 3; ++i) {
      const Result<void> written = WriteBatch(channel);
      ASSERT_FALSE(written);
      EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
      EXPECT_EQ(HeadOf(channel).position, position);
      channel.Maintain();
    }
    faults.fail_at = -1;
    EXPECT_TRUE(Must(channel.Begin())->Commit());  // the repair alone
    EXPECT_EQ(PositionAfterCrash(folder), position);
    ASSERT_TRUE(WriteBatch(channel));
    EXPECT_EQ(PositionAfterCrash(folder), position + 3);
  });
}

TEST_P(FailingMedium, AChannelThatCouldNotBeCreatedCanBeCreatedLater) {
  const TempFolder folder;
  Faults& faults = InstallFaults();
  faults.code = GetParam();
  for (int64_t operation = 0;; operation += 7) {
    const std::string name = "channel" + std::to_string(operation);
    const auto store = Must(OpenSqliteStore(FewKeys(folder.path())));
    faults.fail_at = faults.operations + operation;
    const auto refused = store->OpenChannel(name);
    const bool reached = faults.operations > faults.fail_at;
    faults.fail_at = -1;
    if (!refused) {
      EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable) << refused.error().text;
    }
    ChannelStore& channel = *Must(store->OpenChannel(name));
    EXPECT_TRUE(Write(channel, Batch({}, 1, 10)));
    if (!reached) break;
  }
}

// A checkpoint that fails is nobody's error, and harms nothing.
TEST_P(FailingMedium, AFailingCheckpointIsHarmless) {
  const TempFolder folder;
  Faults& faults = InstallFaults();
  faults.code = GetParam();
  const auto store = Must(OpenSqliteStore(FewKeys(folder.path())));
  ChannelStore& channel = *Must(store->OpenChannel(kChannel));
  int64_t position = 0;
  int failed = 0;
  for (int round = 0; round < 6; ++round) {
    ASSERT_TRUE(Write(channel, Batch(HeadOf(channel), 10, 900'000)));
    position += 10;
    faults.fail_at = faults.operations + 7;
    channel.Maintain();
    if (faults.operations > faults.fail_at) ++failed;
    faults.fail_at = -1;
    EXPECT_EQ(PositionAfterCrash(folder.path()), position);
  }
  EXPECT_GT(failed, 0);
  ExpectWhole(channel, position);
}

INSTANTIATE_TEST_SUITE_P(Codes, FailingMedium, testing::Values(SQLITE_IOERR_FSYNC, SQLITE_FULL));

}  // namespace
}  // namespace orc
