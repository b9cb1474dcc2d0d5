// What the PostgreSQL store promises beyond the interface (store/postgres/postgres_store.h), against a real server.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <thread>

#include "base/log.h"
#include "store/postgres/migrations.h"
#include "tests/store/postgres_support.h"
#include "tests/support/tcp_gate.h"

namespace orc {
namespace {

namespace pb = orchestrator;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

PostgresServer& Server() {
  return PostgresServer::Instance();
}

class PostgresPlace final : public StorePlace {
 public:
  std::unique_ptr<Store> Open() override { return Must(OpenPostgresStore(Options(Server().Target(database_)))); }

 private:
  const std::string database_ = Server().CreateDatabase();
};

INSTANTIATE_TEST_SUITE_P(Postgres, StoreConformance,
                         testing::Values(StorePlaceFactory([] { return std::make_unique<PostgresPlace>(); })));

TEST(PostgresMigrations, RunOnceHoweverManyAsk) {
  const PostgresOptions options = Options(Server().Target(Server().CreateDatabase()));
  std::atomic<int32_t> steps = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const Result<int32_t> done = MigratePostgres(options);
      EXPECT_TRUE(done) << done.error().text;
      steps += done.value_or(0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(steps, postgres::SchemaVersion());
  EXPECT_EQ(Must(MigratePostgres(options)), 0);
}

TEST(PostgresMigrations, TheFirstSchemaIsBroughtUpToDate) {
  const std::string database = Server().CreateDatabase();
  const PostgresOptions options = Options(Server().Target(database));
  Must(MigratePostgres(options));
  // As the first step left it.
  Server().Run(database,
               "DROP INDEX orchestrator.events_reason; CREATE INDEX events_reason ON orchestrator.events "
               "(channel, reason_hash, position) WHERE reason_hash IS NOT NULL; "
               "DELETE FROM orchestrator.schema_version WHERE version>1");
  EXPECT_EQ(Must(MigratePostgres(options)), postgres::SchemaVersion() - 1);
  EXPECT_THAT(Server().Run(database, "SELECT pg_get_indexdef('orchestrator.events_reason'::regclass)"),
              HasSubstr("(channel, reason_hash, asset_kind, event_kind, \"position\")"));
  const std::unique_ptr<Store> store = Must(OpenPostgresStore(options));
  Must(WriteOne(*Must(store->OpenChannel("mychannel"))));
}

TEST(PostgresMigrations, ANewerSchemaIsLeftAlone) {
  const std::string database = Server().CreateDatabase();
  const PostgresOptions options = Options(Server().Target(database));
  Must(MigratePostgres(options));
  Server().Run(database, "INSERT INTO orchestrator.schema_version (version) VALUES (1000)");
  const Result<int32_t> migrated = MigratePostgres(options);
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().kind, ErrorKind::kInternal);
  EXPECT_THAT(migrated.error().text, HasSubstr("schema 1000"));
}

TEST(PostgresMigrations, AStoreWaitsForASchemaThatFits) {
  const std::string database = Server().CreateDatabase();
  PostgresOptions options = Options(Server().Target(database));
  options.migrate = false;
  const std::unique_ptr<Store> store = Must(OpenPostgresStore(options));
  const auto early = store->OpenChannel("mychannel");
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(early.error().text, HasSubstr("orchestrator migrate"));
  Must(MigratePostgres(options));
  ASSERT_TRUE(Eventually([&] { return store->OpenChannel("mychannel").has_value(); }));
  ChannelStore& channel = *Must(store->OpenChannel("mychannel"));
  Must(WriteOne(channel));
  std::atomic<int> available = -1;
  store->Follow({{}, [&](bool now) { available = now ? 1 : 0; }});
  EXPECT_TRUE(Eventually([&] { return available == 1; }));

  Server().Run(database, "INSERT INTO orchestrator.schema_version (version) VALUES (1000)");
  const Result<void> newer = WriteOne(channel);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(newer.error().text, HasSubstr("schema 1000"));
  EXPECT_TRUE(Eventually([&] { return available == 0; }));

  Server().Run(database, "DELETE FROM orchestrator.schema_version WHERE version=1000");
  EXPECT_TRUE(Eventually([&] { return WriteOne(channel).has_value(); }));
  EXPECT_TRUE(Eventually([&] { return available == 1; }));

  const std::string newest = std::to_string(postgres::SchemaVersion());
  Server().Run(database, "DELETE FROM orchestrator.schema_version WHERE version=" + newest);
  const Result<void> older = WriteOne(channel);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(older.error().text, HasSubstr("this program needs " + newest + "; run `orchestrator migrate`"));
  EXPECT_TRUE(Eventually([&] { return available == 0; }));
  Server().Run(database, "INSERT INTO orchestrator.schema_version (version) VALUES (" + newest + ")");
  EXPECT_TRUE(Eventually([&] { return WriteOne(channel).has_value(); }));
  EXPECT_TRUE(Eventually([&] { return available == 1; }));
  store->Follow({});
}

TEST(PostgresTarget, IsCheckedAndNeverShown) {
  for (const char* target : {"postgresql://user:secret@host:nowhere:/db?x", "host='unfinished password=secret"}) {
    const auto store = OpenPostgresStore(Options(target));
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, ErrorKind::kBadRequest);
    EXPECT_THAT(store.error().text, Not(HasSubstr("secret")));
  }
}

TEST(PostgresTarget, NamesTheParameterThatCanNeverWork) {
  const std::pair<const char*, const char*> cases[] = {
      {"host=h port=no:", "port of the database's address"},
      {"postgresql://user:sec/ret@h/db", "port of the database's address"},
      {"host=a,b port=5432,65536", "port of the database's address"},
      {"host=h sslmode=maybe", "sslmode of the database's address"},
      {"host=h target_session_attrs=write", "target_session_attrs of the database's address"},
  };
  for (const auto& [target, text] : cases) {
    for (const Error& error : {OpenPostgresStore(Options(target)).error(), MigratePostgres(Options(target)).error()}) {
      EXPECT_EQ(error.kind, ErrorKind::kBadRequest);
      EXPECT_THAT(error.text, AllOf(HasSubstr(text), Not(HasSubstr("sec")), HasSubstr(" is wanted")));
    }
  }
  for (const char* target : {"host=a,b port=5432,", "host=a,b port=5432,65535 sslmode=verify-full", "port=1"}) {
    EXPECT_TRUE(OpenPostgresStore(Options(target))) << target;
  }
}

TEST(PostgresStore, WaitsForADatabaseThatIsNotThereYet) {
  const std::string database = "later";
  const std::unique_ptr<Store> store = Must(OpenPostgresStore(Options(Server().Target(database))));
  const auto early = store->OpenChannel("mychannel");
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::kUnavailable);
  Server().Run("postgres", "CREATE DATABASE later");
  EXPECT_TRUE(Eventually([&] { return store->OpenChannel("mychannel").has_value(); }));
}

TEST(PostgresStore, AWriterThatHangsBlocksOthersForABoundedTime) {
  PostgresOptions options = Options(Server().Target(Server().CreateDatabase()));
  options.idle_ms = 500;
  options.lock_ms = 200;
  const std::unique_ptr<Store> hanging = Must(OpenPostgresStore(options));
  const std::unique_ptr<Store> other = Must(OpenPostgresStore(options));
  const auto transaction = Must(Must(hanging->OpenChannel("mychannel"))->Begin());
  Must(transaction->Apply(OneTask({})));
  ChannelStore& channel = *Must(other->OpenChannel("mychannel"));
  const Result<void> blocked = WriteOne(channel);
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(Eventually([&] { return WriteOne(channel).has_value(); }, 3s));
  EXPECT_FALSE(transaction->Commit());
  EXPECT_EQ(Must(ReadHead(channel)).position, 1);
}

// --- several replicas

TEST(PostgresReplicas, WritersAlternateAndHeadsAreFollowed) {
  const PostgresOptions options = Options(Server().Target(Server().CreateDatabase()));
  const std::unique_ptr<Store> first = Must(OpenPostgresStore(options));
  const std::unique_ptr<Store> second = Must(OpenPostgresStore(options));
  ChannelStore& first_channel = *Must(first->OpenChannel("mychannel"));
  ChannelStore& second_channel = *Must(second->OpenChannel("mychannel"));
  std::atomic<int64_t> seen = -1;
  std::atomic<bool> in_order = true;
  second->Follow({[&](const std::string& channel, const Head& head) {
                    in_order = in_order && channel == "mychannel" && head.position > seen;
                    seen = head.position;
                  },
                  {}});
  for (int i = 0; i < 20; ++i) Must(WriteOne(i % 2 == 0 ? second_channel : first_channel));
  EXPECT_EQ(Must(ReadHead(second_channel)).position, 20);
  EXPECT_TRUE(Eventually([&] { return seen == 20; }));
  EXPECT_TRUE(in_order);

  // A hint is much faster than the interval.
  PostgresOptions slow = options;
  slow.poll_ms = 60'000;
  const std::unique_ptr<Store> third = Must(OpenPostgresStore(slow));
  Must(third->OpenChannel("mychannel"));
  std::atomic<int64_t> hinted = 0;
  third->Follow({[&](const std::string&, const Head& head) { hinted = head.position; }, {}});
  ASSERT_TRUE(Eventually([&] { return hinted == 20; }));
  Must(WriteOne(first_channel));
  EXPECT_TRUE(Eventually([&] { return hinted == 21; }, 5s));
  third->Follow({});
}

TEST(PostgresReplicas, WritersOfManyProcessesLeaveNoGap) {
  const PostgresOptions options = Options(Server().Target(Server().CreateDatabase()));
  constexpr int kStores = 3;
  constexpr int kWrites = 50;
  Must(MigratePostgres(options));
  std::vector<std::thread> threads;
  for (int i = 0; i < kStores; ++i) {
    threads.emplace_back([&] {
      const std::unique_ptr<Store> store = Must(OpenPostgresStore(options));
      ChannelStore& channel = *Must(store->OpenChannel("mychannel"));
      for (int write = 0; write < kWrites; ++write) Must(WriteOne(channel));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::unique_ptr<Store> store = Must(OpenPostgresStore(options));
  const auto snapshot = Must(Must(store->OpenChannel("mychannel"))->Read());
  const auto events = Must(snapshot->EventsAfter(0, 1'000, 1 << 30));
  ASSERT_EQ(events.size(), static_cast<size_t>(kStores * kWrites));
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].position, static_cast<int64_t>(i) + 1);
}

// --- connections that break

class PostgresGate : public testing::Test {
 protected:
  PostgresGate() {
    PostgresOptions options = Options(Server().TcpTarget(database_, gate_.port()));
    options.settle_ms = 3'000;
    gated_ = Must(OpenPostgresStore(options));
    direct_ = Must(OpenPostgresStore(Options(Server().Target(database_))));
    channel_ = Must(gated_->OpenChannel("mychannel"));
    check_ = Must(direct_->OpenChannel("mychannel"));
  }

  // A transaction whose commit meets a cut after `bytes`. Whether the cut came.
  bool CutCommit(TcpGate::Way way, int64_t bytes) {
    std::string id;
    Result<void> committed;
    bool cut = false;
    {
      const auto begun = channel_->Begin();
      if (!begun) ADD_FAILURE() << begun.error().text;
      const ChangeSet changes = OneTask(Must((*begun)->GetHead()));
      id = changes.events[0].id;
      Must((*begun)->Apply(changes));
      gate_.CutAfter(way, bytes);
      committed = (*begun)->Commit();
      cut = !gate_.ForgetCut();
    }
    const bool stored = Must(Must(check_->Read())->FindEvent(id)).has_value();
    EXPECT_EQ(committed.has_value(), stored) << bytes << (stored ? "" : " " + committed.error().text);
    if (!committed) {
      EXPECT_EQ(committed.error().kind, ErrorKind::kUnavailable);
    }
    if (committed) ++acknowledged_;
    return cut;
  }

  const std::string database_ = Server().CreateDatabase();
  TcpGate gate_{Server().port()};
  std::unique_ptr<Store> gated_;
  std::unique_ptr<Store> direct_;
  ChannelStore* channel_ = nullptr;
  ChannelStore* check_ = nullptr;
  int64_t acknowledged_ = 0;
};

// Every byte of the conversation of a commit is once the last to pass.
TEST_F(PostgresGate, ACommitThatIsCutIsReportedAsItHappened) {
  Must(WriteOne(*channel_));
  acknowledged_ = 1;
  for (const TcpGate::Way way : {TcpGate::Way::kToServer, TcpGate::Way::kToClient}) {
    int cuts = 0;
    for (int64_t bytes = 0; CutCommit(way, bytes); ++bytes) {
      ++cuts;
      ASSERT_FALSE(HasFailure());
    }
    EXPECT_GT(cuts, 50);
  }
  EXPECT_EQ(Must(ReadHead(*check_)).position, acknowledged_);
}

TEST_F(PostgresGate, WhatCannotBeFoundOutIsUnavailable) {
  Must(WriteOne(*channel_));
  const auto transaction = Must(channel_->Begin());
  Must(transaction->Apply(OneTask(Must(transaction->GetHead()))));
  gate_.Refuse(true);
  gate_.CutAfter(TcpGate::Way::kToClient, 0);
  const auto began = std::chrono::steady_clock::now();
  const Result<void> committed = transaction->Commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  gate_.Refuse(false);
}

TEST_F(PostgresGate, ADatabaseThatIsSilentIsUnavailableInTime) {
  PostgresOptions options = Options(Server().TcpTarget(database_, gate_.port()));
  options.statement_ms = 100;
  options.lock_ms = 100;
  options.reply_margin_ms = 400;
  const std::unique_ptr<Store> store = Must(OpenPostgresStore(options));
  ChannelStore& channel = *Must(store->OpenChannel("mychannel"));
  const auto snapshot = Must(channel.Read());
  Must(snapshot->GetHead());
  gate_.Hold(true);
  const auto began = std::chrono::steady_clock::now();
  const auto events = snapshot->EventsAfter(0, 10, 1'000);
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().kind, ErrorKind::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  gate_.Hold(false);
}

TEST_F(PostgresGate, ALostHintCostsAnInterval) {
  std::atomic<int64_t> seen = 0;
  gated_->Follow({[&](const std::string&, const Head& head) { seen = head.position; }, {}});
  Must(WriteOne(*check_));
  EXPECT_TRUE(Eventually([&] { return seen == 1; }));
  gate_.CloseAll();
  Must(WriteOne(*check_));
  EXPECT_TRUE(Eventually([&] { return seen == 2; }));
  // Without any hint.
  {
    const auto transaction = Must(check_->Begin());
    Must(transaction->Apply(OneTask(Must(transaction->GetHead()))));
    Must(transaction->Commit());
  }
  EXPECT_TRUE(Eventually([&] { return seen == 3; }, 2s));
  gated_->Follow({});
}

TEST_F(PostgresGate, HintsThatTellNothingDoNotPutOffTheNextLook) {
  std::atomic<int64_t> seen = 0;
  gated_->Follow({[&](const std::string&, const Head& head) { seen = head.position; }, {}});
  Must(WriteOne(*check_));
  ASSERT_TRUE(Eventually([&] { return seen == 1; }));
  std::atomic<bool> stop = false;
  std::thread noise([&] {
    while (!stop) {
      Server().Run(database_, "NOTIFY orchestrator_heads, '1 0'");
      std::this_thread::sleep_for(10ms);
    }
  });
  {
    const auto transaction = Must(check_->Begin());
    Must(transaction->Apply(OneTask(Must(transaction->GetHead()))));
    Must(transaction->Commit());
  }
  EXPECT_TRUE(Eventually([&] { return seen == 2; }, 5s));
  stop = true;
  noise.join();
  gated_->Follow({});
}

TEST(PostgresRestart, UnderLoadLosesNothingAcknowledged) {
  PostgresServer server;  // its own: the others go on
  PostgresOptions options = Options(server.TcpTarget(server.CreateDatabase()));
  const std::unique_ptr<Store> store = Must(OpenPostgresStore(options));
  ChannelStore& channel = *Must(store->OpenChannel("mychannel"));
  std::atomic<bool> stop = false;
  std::atomic<int> acknowledged = 0;
  std::vector<std::string> ids;
  std::thread writer([&] {
    while (!stop) {
      std::string id;
      if (WriteOne(channel, &id)) {
        ids.push_back(id);
        ++acknowledged;
      } else {
        std::this_thread::sleep_for(10ms);
      }
    }
  });
  std::thread reader([&] {
    while (!stop) {
      if (!ReadHead(channel)) std::this_thread::sleep_for(10ms);
    }
  });
  for (int restart = 0; restart < 3; ++restart) {
    const int before = acknowledged;
    EXPECT_TRUE(Eventually([&] { return acknowledged > before + 20; }));
    server.Kill();
    std::this_thread::sleep_for(100ms);
    server.Start();
  }
  const int before = acknowledged;
  EXPECT_TRUE(Eventually([&] { return acknowledged > before + 20; }));
  stop = true;
  writer.join();
  reader.join();
  const auto snapshot = Must(channel.Read());
  for (const std::string& id : ids) EXPECT_TRUE(Must(snapshot->FindEvent(id)).has_value()) << id;
}

}  // namespace
}  // namespace orc
