// Commits that wait for a synchronous standby (store/postgres/postgres_store.h), with a real pair of servers. A primary
// ends such a wait when it is shut down or told to cancel; the commit is then stored there, and perhaps nowhere else.
#include <gmock/gmock.h>

#include <future>

#include "tests/store/postgres_support.h"

namespace orc {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class PostgresStandby : public testing::Test {
 protected:
  PostgresStandby() {
    database_ = primary_.CreateDatabase();
    standby_ = primary_.MakeStandby();
    // Both, so that the store finds whichever takes writes.
    const std::string ports = std::to_string(primary_.port()) + "," + std::to_string(standby_->port());
    options_ = Options("host=127.0.0.1,127.0.0.1 port=" + ports + " user=orc dbname=" + database_);
    Must(MigratePostgres(options_));
    primary_.Run("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    primary_.Run("postgres", "SELECT pg_reload_conf()");
    EXPECT_TRUE(Eventually([&] {
      return primary_.Run("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state='sync'") == "1";
    }));
  }

  void OpenStore(int32_t settle_ms) {
    options_.settle_ms = settle_ms;
    store_ = Must(OpenPostgresStore(options_));
    channel_ = Must(store_->OpenChannel("mychannel"));
    Must(WriteOne(*channel_));
  }

  // A commit that waits for the standby, which has gone.
  std::future<Result<void>> BeginCommit() {
    standby_->Kill();
    std::future<Result<void>> committed =
        std::async(std::launch::async, [this] { return WriteOne(*channel_, &event_id_); });
    EXPECT_TRUE(Eventually([&] { return Waits(); }));
    return committed;
  }
  // Whether a commit waits on the primary.
  bool Waits() { return primary_.Run(database_, "SELECT count(*) " + kWaiting) == "1"; }
  void CancelWaits() { primary_.Run(database_, "SELECT count(pg_cancel_backend(pid)) " + kWaiting); }

  // Whether the server has stored the call.
  bool Has(const PostgresServer& server) {
    return server.Run(database_, "SELECT count(*) FROM orchestrator.events WHERE id='" + event_id_ + "'") == "1";
  }

  const std::string kWaiting = "FROM pg_stat_activity WHERE wait_event='SyncRep'";
  // The machine does not fail here, so nothing need wait for its disk.
  PostgresServer primary_{{"wal_retrieve_retry_interval=100ms", "fsync=off"}};
  std::string database_;
  std::unique_ptr<PostgresServer> standby_;
  PostgresOptions options_;
  std::unique_ptr<Store> store_;
  ChannelStore* channel_ = nullptr;
  std::string event_id_;
};

TEST_F(PostgresStandby, ACancelledWaitIsNoSuccess) {
  OpenStore(1'000);
  std::future<Result<void>> waiting = BeginCommit();
  CancelWaits();
  const Result<void> committed = waiting.get();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(committed.error().text, HasSubstr("which may have happened"));
  EXPECT_TRUE(Has(primary_));
  standby_->Start();
  EXPECT_TRUE(Eventually([&] { return WriteOne(*channel_).has_value(); }));
}

TEST_F(PostgresStandby, ACommitCutByAShutdownIsSettledByTheStandby) {
  OpenStore(60'000);
  std::future<Result<void>> committed = BeginCommit();
  primary_.StopFast();
  primary_.Start();
  // The primary has it, which is not enough: finding out waits for the standby too.
  EXPECT_TRUE(Eventually([&] { return Waits(); }));
  EXPECT_TRUE(Has(primary_));
  EXPECT_EQ(committed.wait_for(500ms), std::future_status::timeout);
  standby_->Start();
  Must(committed.get());
  EXPECT_TRUE(Has(*standby_));
}

TEST_F(PostgresStandby, ACommitThatAFailoverLosesIsAnError) {
  OpenStore(60'000);
  std::future<Result<void>> waiting = BeginCommit();
  primary_.StopFast();
  standby_->Start();
  standby_->Promote();
  const Result<void> committed = waiting.get();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(committed.error().text, Not(HasSubstr("may have happened")));
  EXPECT_FALSE(Has(*standby_));
  Must(WriteOne(*channel_, &event_id_));
  EXPECT_TRUE(Has(*standby_));
}

TEST_F(PostgresStandby, ACommitWaitsLongerThanAStatementMay) {
  options_.statement_ms = 200;
  OpenStore(60'000);
  std::future<Result<void>> committed = BeginCommit();
  EXPECT_EQ(committed.wait_for(600ms), std::future_status::timeout);
  standby_->Start();
  Must(committed.get());
  EXPECT_TRUE(Has(*standby_));
}

}  // namespace
}  // namespace orc
