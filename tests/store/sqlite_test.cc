// What the embedded store promises beyond the interface (store/sqlite/sqlite_store.h).
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "store/event_hashes.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/encoding.h"
#include "store/sqlite/folder.h"
#include "store/sqlite/queries.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/store/conformance.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

namespace pb = orchestrator;
using testing::HasSubstr;
using testing::Not;

// `recent_keys`: so few that most come into the tables, or so many that most do not.
class SqlitePlace final : public StorePlace {
 public:
  explicit SqlitePlace(int32_t recent_keys) : recent_keys_(recent_keys) {}
  std::unique_ptr<Store> Open() override {
    return Must(OpenSqliteStore({.folder = folder_.path(), .recent_keys = recent_keys_}));
  }

 private:
  int32_t recent_keys_;
  TempFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance,
                         testing::Values(StorePlaceFactory([] { return std::make_unique<SqlitePlace>(2); }),
                                         StorePlaceFactory([] { return std::make_unique<SqlitePlace>(1'000'000); })));

constexpr Page kAll = {0, 0, 1'000, false};

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class SqliteTest : public testing::Test {
 protected:
  std::unique_ptr<Store> Open() { return Must(OpenSqliteStore({.folder = folder_.path()})); }
  std::filesystem::path File(const std::string& channel) const {
    return folder_.path() / "channels" / sqlite::ChannelFileName(channel);
  }
  // A channel with one task and one event with a reason, closed.
  void MakeChannel(const std::string& channel) {
    Changes changes;
    changes.AddTask(MakeTask(1));
    changes.AddEvent(pb::ASSET_COMPUTE_TASK, pb::EVENT_ASSET_UPDATED, MakeKey(1).ToString(), 1, "because");
    const auto store = Open();
    const auto transaction = Must(Must(store->OpenChannel(channel))->Begin());
    Must(transaction->Apply(changes.Take()));
    Must(transaction->Commit());
  }
  void Alter(const std::string& channel, const std::string& sql) {
    SQLite::Database(File(channel).string(), SQLITE_OPEN_READWRITE).exec(sql);
  }

  TempFolder folder_;
};

TEST_F(SqliteTest, AFolderHasOneStore) {
  auto store = Open();
  const auto second = OpenSqliteStore({.folder = folder_.path()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(second.error().text, HasSubstr(folder_.path().string()));
  EXPECT_THAT(second.error().text, HasSubstr("(process " + std::to_string(getpid()) + ")"));
  store.reset();
  EXPECT_TRUE(OpenSqliteStore({.folder = folder_.path()}));
}

TEST_F(SqliteTest, AnotherProcessIsKeptOut) {
  const auto store = Open();
  const pid_t child = fork();
  if (child == 0) _exit(OpenSqliteStore({.folder = folder_.path()}) ? 1 : 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(SqliteTest, AFolderIsCreatedWithThoseAboveIt) {
  const std::filesystem::path deep = folder_.path() / "a" / "b";
  EXPECT_TRUE(OpenSqliteStore({.folder = deep}));
  EXPECT_TRUE(std::filesystem::exists(deep / "channels"));
}

TEST_F(SqliteTest, AFileInPlaceOfTheFolderIsAnError) {
  std::ofstream(folder_.path() / "file") << "x";
  const auto store = OpenSqliteStore({.folder = folder_.path() / "file"});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(store.error().text, HasSubstr("storage is not available: "));
}

TEST(ChannelFileName, IsPlainDistinctAndShort) {
  EXPECT_EQ(sqlite::ChannelFileName("mychannel-1_A"), "mychannel-1_A.db");
  EXPECT_EQ(sqlite::ChannelFileName("../a b"), "%2E%2E%2Fa%20b.db");
  EXPECT_EQ(sqlite::ChannelFileName(std::string("\0\xFF", 2)), "%00%FF.db");
  const std::string first = sqlite::ChannelFileName(std::string(100, '/'));
  const std::string second = sqlite::ChannelFileName(std::string(99, '/') + "!");
  EXPECT_LE(first.size(), 200U);
  EXPECT_NE(first, second);
}

TEST_F(SqliteTest, ANewerSchemaIsRefusedAndLeftAlone) {
  MakeChannel("a");
  Alter("a", "PRAGMA user_version=99");
  const std::string before = ReadFile(File("a"));
  {
    const auto store = Open();
    const auto opened = store->OpenChannel("a");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::kInternal);
    EXPECT_THAT(opened.error().text, HasSubstr("was written by a newer program (schema 99"));
    EXPECT_TRUE(store->OpenChannel("b"));
  }
  EXPECT_EQ(ReadFile(File("a")), before);
  Alter("a", "PRAGMA user_version=2");
  const auto store = Open();
  EXPECT_EQ(Must(Must(Must(store->OpenChannel("a"))->Read())->GetHead()).position, 2);
}

// Which had every key in the tables of keys.
TEST_F(SqliteTest, AChannelOfTheFirstSchemaIsTakenOver) {
  MakeChannel("a");
  EventFilter filter;
  filter.asset_key = MakeKey(1).ToString();
  Alter("a",
        "ALTER TABLE head DROP COLUMN keyed_order; ALTER TABLE head DROP COLUMN keyed_position;"
        "INSERT INTO task_keys SELECT key, ord FROM tasks;"
        "INSERT INTO event_keys SELECT " +
            std::to_string(AssetKeyHash(*filter.asset_key)) +
            ", position FROM events;"
            "PRAGMA user_version=1");
  const auto store = Open();
  const auto snapshot = Must(Must(store->OpenChannel("a"))->Read());
  EXPECT_EQ(Must(snapshot->FindTaskRows(std::vector{MakeKey(1)})).size(), 1U);
  EXPECT_EQ(Must(snapshot->ListEvents(filter, kAll)).size(), 2U);
  SQLite::Database database(File("a").string());
  EXPECT_EQ(database.execAndGet("SELECT keyed_order FROM head").getInt64(), 1);
  EXPECT_EQ(database.execAndGet("SELECT keyed_position FROM head").getInt64(), 2);
}

// Keys that are in the tables, on their way there, and in memory, before and after the process ends.
TEST_F(SqliteTest, EveryKeyIsFoundWhereverItIs) {
  constexpr int64_t kTasks = 500;
  constexpr int32_t kRecentKeys = 300;
  Head head;
  std::vector<Key> keys;
  for (int round = 0; round < 2; ++round) {
    const auto store = Must(OpenSqliteStore({.folder = folder_.path(), .recent_keys = kRecentKeys}));
    ChannelStore& channel = *Must(store->OpenChannel("a"));
    for (int64_t i = 0; i < kTasks; ++i) {
      const auto early = Must(channel.Read());
      Changes changes(head);
      changes.AddTask(MakeTask(static_cast<int64_t>(keys.size()) + 1));
      keys.push_back(changes.set.new_tasks.back().row.key);
      const ChangeSet set = changes.Take();
      head = set.head;
      const auto transaction = Must(channel.Begin());
      Must(transaction->Apply(set));
      Must(transaction->Commit());
      EXPECT_EQ(Must(early->FindTaskRows(keys)).size(), keys.size() - 1);
      EXPECT_EQ(Must(Must(channel.Read())->FindTaskRows(keys)).size(), keys.size());
    }
  }
  SQLite::Database database(File("a").string());
  const int64_t in_tables = database.execAndGet("SELECT COUNT(*) FROM task_keys").getInt64();
  EXPECT_GT(in_tables, 2 * kTasks - 3 * kRecentKeys);
  EXPECT_LT(in_tables, 2 * kTasks);
}

// Keys that the tables have are not looked for anew when the channel is opened: none may come among them later.
TEST_F(SqliteTest, ATaskBeforeThoseWhoseKeysAreInTheTablesIsRefused) {
  const auto store = Must(OpenSqliteStore({.folder = folder_.path(), .recent_keys = 2}));
  ChannelStore& channel = *Must(store->OpenChannel("a"));
  Changes changes;
  const auto write = [&](int64_t order) -> Result<void> {
    Changes next = changes;
    next.AddTask(MakeTask(order));
    ORC_ASSIGN(const auto transaction, channel.Begin());
    ORC_TRY(transaction->Apply(next.Take()));
    ORC_TRY(transaction->Commit());
    changes = next;
    return {};
  };
  for (const int64_t order : {10, 20, 30, 40, 50}) {
    Must(write(order));
    if (order == 10) continue;
    const Result<void> written = write(5);
    ASSERT_FALSE(written) << "after " << order;
    EXPECT_EQ(written.error().kind, ErrorKind::kInternal);
  }
  const auto snapshot = Must(channel.Read());
  EXPECT_EQ(Must(snapshot->GetHead()), changes.head());
  EXPECT_EQ(Must(snapshot->ListTasks({}, kAll)).size(), 5U);
  EXPECT_TRUE(Must(snapshot->FindTaskRows(std::vector{MakeKey(5)})).empty());
}

TEST_F(SqliteTest, AFileOfAnotherChannelIsRefused) {
  MakeChannel("a");
  std::filesystem::copy_file(File("a"), File("b"));
  const auto store = Open();
  const auto opened = store->OpenChannel("b");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text, HasSubstr("belongs to another channel"));
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseIsRefused) {
  const auto store = Open();
  std::ofstream(File("a")) << std::string(10'000, 'x');
  const auto opened = store->OpenChannel("a");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kInternal);
  EXPECT_EQ(ReadFile(File("a")), std::string(10'000, 'x'));
}

TEST_F(SqliteTest, DamagedRowsAreErrorsOfTheCall) {
  MakeChannel("a");
  Alter("a", "UPDATE tasks SET function=x'00'; UPDATE events SET body=x'FF' WHERE position=2;");
  const auto store = Open();
  ChannelStore* const channel = Must(store->OpenChannel("a"));
  const auto tasks = Must(channel->Read())->ListTasks({}, kAll);
  ASSERT_FALSE(tasks);
  EXPECT_EQ(tasks.error().kind, ErrorKind::kInternal);
  EXPECT_EQ(tasks.error().text, "OE0007: stored data cannot be understood");
  const auto snapshot = Must(channel->Read());
  EXPECT_TRUE(snapshot->EventsAfter(0, 10, 1'000'000));
  EXPECT_FALSE(snapshot->ListEvents({}, kAll));
  // What failed once does not go on as if nothing had happened.
  EXPECT_FALSE(snapshot->GetHead());
  EXPECT_TRUE(Must(channel->Read())->GetHead());
}

TEST_F(SqliteTest, EventsOfEqualHashAreToldApart) {
  const std::string key = "costarring";
  const std::string other = "liquid";
  ASSERT_EQ(AssetKeyHash(key), AssetKeyHash(other));
  Changes changes;
  changes.AddEvent(pb::ASSET_ORGANIZATION, pb::EVENT_ASSET_CREATED, key, 1, "first");
  changes.AddEvent(pb::ASSET_ORGANIZATION, pb::EVENT_ASSET_CREATED, other, 1, "second");
  {
    const auto store = Open();
    const auto transaction = Must(Must(store->OpenChannel("a"))->Begin());
    Must(transaction->Apply(changes.Take()));
    Must(transaction->Commit());
  }
  Alter("a", "UPDATE events SET reason_hash=(SELECT reason_hash FROM events WHERE position=1)");
  const auto store = Open();
  const auto snapshot = Must(Must(store->OpenChannel("a"))->Read());
  EventFilter by_key;
  by_key.asset_key = other;
  EventFilter by_reason;
  by_reason.reason = "first";
  for (const EventFilter& filter : {by_key, by_reason}) {
    const auto found = Must(snapshot->ListEvents(filter, kAll));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].position, filter.asset_key ? 2 : 1);
  }
}

TEST_F(SqliteTest, ReadersAreBoundedAndWaitedFor) {
  const auto store = Must(OpenSqliteStore({.folder = folder_.path(), .read_connections = 2, .reader_wait_ms = 50}));
  ChannelStore* const channel = Must(store->OpenChannel("a"));
  auto first = Must(channel->Read());
  const auto second = Must(channel->Read());
  const auto third = channel->Read();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::kUnavailable);
  first.reset();
  EXPECT_TRUE(channel->Read());
  EXPECT_TRUE(channel->Read());
}

TEST_F(SqliteTest, ReadersAndTheWriterRunAtOnce) {
  const auto store = Must(OpenSqliteStore({.folder = folder_.path(), .read_connections = 2}));
  ChannelStore* const channel = Must(store->OpenChannel("a"));
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (int64_t last = 0; !stop;) {
        const auto snapshot = Must(channel->Read());
        const int64_t position = Must(snapshot->GetHead()).position;
        EXPECT_GE(position, last);
        EXPECT_EQ(Must(snapshot->ListTasks({}, {0, 0, 100'000, false})).size(), static_cast<size_t>(position));
        last = position;
      }
    });
  }
  Changes changes;
  for (int64_t order = 1; order <= 200; ++order) {
    {
      changes.AddTask(MakeTask(order));
      const auto transaction = Must(channel->Begin());
      Must(transaction->Apply(changes.Take()));
      Must(transaction->Commit());
    }
    channel->Maintain();
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

// Of the newest tasks, and of those that are not there yet.
void ExpectKeysUpToTheHead(Snapshot& snapshot) {
  const int64_t head = Must(snapshot.GetHead()).position;
  for (int64_t order = std::max<int64_t>(head - 30, 1); order <= head + 5; ++order) {
    const size_t wanted = order <= head ? 1 : 0;
    const std::vector<Key> keys = {MakeTask(order).key};
    EXPECT_EQ(Must(snapshot.FindTaskRows(keys)).size(), wanted) << order << " of " << head;
    EventFilter filter;
    filter.asset_key = keys[0].ToString();
    EXPECT_EQ(Must(snapshot.ListEvents(filter, kAll)).size(), wanted) << order << " of " << head;
  }
}

// Generations of keys come into the tables while readers begin; keys of transactions that are given up are in memory.
TEST_F(SqliteTest, ReadersFindEveryKeyWhileKeysMove) {
  const auto store = Must(OpenSqliteStore({.folder = folder_.path(), .recent_keys = 5}));
  ChannelStore* const channel = Must(store->OpenChannel("a"));
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop && !HasFailure()) ExpectKeysUpToTheHead(*Must(channel->Read()));
    });
  }
  Changes changes;
  for (int64_t round = 0; round < 1'000; ++round) {
    Changes next = changes;
    for (int64_t i = 0; i <= round % 5; ++i) next.AddTask(MakeTask(next.head().position + 1));
    const auto transaction = Must(channel->Begin());
    Must(transaction->Apply(next.Take()));
    if (round % 7 == 0) continue;
    Must(transaction->Commit());
    changes = next;
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  ExpectKeysUpToTheHead(*Must(channel->Read()));
}

TEST_F(SqliteTest, TheLogIsEmptiedByMaintenance) {
  const auto store = Open();
  ChannelStore* const channel = Must(store->OpenChannel("a"));
  const std::filesystem::path log = File("a").string() + "-wal";
  int64_t order = 0;
  uintmax_t largest = 0;
  for (int round = 0; round < 60; ++round) {
    Changes changes(Must(Must(channel->Read())->GetHead()));
    ChangeSet set;
    set.new_assets = {MakeAsset(pb::ASSET_FUNCTION, ++order)};
    set.new_assets[0].body = std::string(1 << 20, 'x');
    {
      const auto transaction = Must(channel->Begin());
      Must(transaction->Apply(set));
      Must(transaction->Commit());
    }
    channel->Maintain();
    largest = std::max(largest, std::filesystem::file_size(log));
  }
  EXPECT_LT(largest, 32U << 20);
}

// Runs every question with every single filter, and a change of every kind, over `connection`.
void AskEverything(sqlite::Connection& connection) {
  sqlite::RecentKeys recent(1);
  sqlite::Seen seen;
  Changes changes;
  changes.AddTask(MakeTask(1));
  changes.AddTask(MakeTask(2));
  changes.AddEvent(pb::ASSET_MODEL, pb::EVENT_ASSET_CREATED, "key", 1, "reason");
  changes.set.changed_tasks = {MakeTask(1)};
  changes.set.edges = {{MakeKey(1), MakeKey(2), 0}};
  changes.set.outputs = {{MakeKey(1), "output", pb::ASSET_MODEL, "key"}};
  changes.set.sample_links = {{MakeKey(1), 1, MakeKey(2)}};
  changes.set.plan_functions = {{MakeKey(1), 1}};
  sqlite::Queries queries(connection, seen);
  const std::vector<std::string> names = {"key"};
  const std::vector<Key> keys = {MakeKey(1)};
  for (int kind = pb::ASSET_ORGANIZATION; kind <= pb::ASSET_FAILURE_REPORT; ++kind) {
    if (!pb::AssetKind_IsValid(kind) || kind == pb::ASSET_COMPUTE_TASK) continue;
    const auto asset_kind = static_cast<pb::AssetKind>(kind);
    changes.set.new_assets.push_back(MakeAsset(asset_kind, 1));
    changes.set.changed_assets.push_back(MakeAsset(asset_kind, 1));
  }
  const ChangeSet set = changes.Take();
  sqlite::WriteChanges(connection, set, recent, seen.head);
  sqlite::WriteHead(connection, {seen.head, 1, recent.Move(connection, seen.head.position)});
  recent.AddTasks({{MakeKey(3), 3}});
  recent.Move(connection, 3);
  seen.keys = recent.View();
  for (const bool descending : {false, true}) {
    const Page page = {0, 0, 10, descending};
    for (const AssetRow& row : set.new_assets) {
      queries.FindAssets(row.kind, names);
      for (const AssetFilter& filter : {AssetFilter{}, {"g", {}}, {{}, "l"}, {"g", "l"}}) {
        queries.ListAssets(row.kind, filter, page);
      }
    }
    queries.ListPlanFunctions(keys[0], page);
    for (int bits = 0; bits < 16; ++bits) {
      TaskFilter filter;
      if ((bits & 1) != 0) filter.worker = "w";
      if ((bits & 2) != 0) filter.status = 1;
      if ((bits & 4) != 0) filter.plan = keys[0];
      if ((bits & 8) != 0) filter.function = keys[0];
      queries.ListTasks(filter, page);
    }
    for (int bits = 0; bits < 64; ++bits) {
      EventFilter filter;
      if ((bits & 1) != 0) filter.asset_key = (bits & 2) != 0 ? "key" : keys[0].ToString();
      if ((bits & 2) != 0) filter.asset_kind = 1;
      if ((bits & 4) != 0) filter.event_kind = 1;
      if ((bits & 8) != 0) filter.reason = "r";
      if ((bits & 16) != 0) filter.start_us = 1;
      if ((bits & 32) != 0) filter.end_us = 1;
      queries.ListEvents(filter, page);
    }
  }
  queries.ListManagerSamples(keys[0]);
  queries.FindTasks(keys);
  queries.ListFunctionTasks(keys[0], pb::STATUS_DONE);
  queries.ListChildren(keys[0]);
  queries.FindOutputs(keys);
  queries.HasUnfinishedTask(keys[0]);
  queries.EventsAfter(0, 10, 1'000);
  queries.FindEvent(set.events[0].id);
}

// No statement reads a whole table or sorts. (ListFunctionTasks sorts what it has found, outside of SQL.)
TEST_F(SqliteTest, EveryStatementIsServedByAnIndex) {
  MakeChannel("a");
  sqlite::Connection connection(File("a").string(), sqlite::Connection::Mode::kWriter, 0);
  connection.Run("BEGIN");
  connection.Execute(
      "DELETE FROM tasks; DELETE FROM task_keys; DELETE FROM task_bodies; DELETE FROM events;"
      "DELETE FROM event_keys;");
  AskEverything(connection);
  std::vector<std::string> texts;
  for (sqlite3_stmt* statement = sqlite3_next_stmt(connection.Handle(), nullptr); statement != nullptr;
       statement = sqlite3_next_stmt(connection.Handle(), statement)) {
    texts.emplace_back(sqlite3_sql(statement));
  }
  EXPECT_GT(texts.size(), 60U);
  int searches = 0;
  for (const std::string& text : texts) {
    sqlite::Use plan(connection, "EXPLAIN QUERY PLAN " + text);
    while (plan.Step()) {
      const std::string step = plan.Bytes(3);
      if (step == "SCAN CONSTANT ROW") continue;  // a SELECT without FROM
      EXPECT_THAT(step, Not(HasSubstr("SCAN"))) << text;
      EXPECT_THAT(step, Not(HasSubstr("TEMP B-TREE"))) << text;
      EXPECT_THAT(step, Not(HasSubstr("AUTOMATIC"))) << text;
      if (step.starts_with("SEARCH")) ++searches;
    }
  }
  EXPECT_GT(searches, 60);
}

}  // namespace
}  // namespace orc
