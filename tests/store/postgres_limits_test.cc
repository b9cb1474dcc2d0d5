// The bounds of the PostgreSQL store in time and in connections (store/postgres/postgres_store.h).
#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/store/postgres_support.h"

namespace orc {
namespace {

namespace pb = orchestrator;
using testing::HasSubstr;
using namespace std::chrono_literals;

PostgresServer& Server() {
  return PostgresServer::Instance();
}

template <class T>
void ExpectUnavailable(const Result<T>& result, const char* reason) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(result.error().text, HasSubstr(reason));
}

Deadline In(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// Keeps everybody from the functions while it lives.
class LockedFunctions {
 public:
  explicit LockedFunctions(const std::string& database)
      : connection_(PQconnectdb(Server().Target(database).c_str()), &PQfinish) {
    PQclear(PQexec(connection_.get(), "BEGIN"));
    PQclear(PQexec(connection_.get(), "LOCK TABLE orchestrator.functions IN ACCESS EXCLUSIVE MODE"));
    EXPECT_EQ(PQtransactionStatus(connection_.get()), PQTRANS_INTRANS) << PQerrorMessage(connection_.get());
  }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

class PostgresLimits : public testing::Test {
 protected:
  PostgresLimits() {
    options_.max_connections = 4;  // one of them reads
    options_.pool_wait_ms = options_.statement_ms = options_.lock_ms = 60'000;
  }

  ChannelStore& Open() {
    store_ = Must(OpenPostgresStore(options_));
    return *Must(store_->OpenChannel("mychannel"));
  }
  static Result<std::vector<AssetRow>> ListFunctions(ChannelStore& channel, Deadline deadline) {
    ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, channel.Read(deadline));
    return snapshot->ListAssets(pb::ASSET_FUNCTION, {}, Page{.limit = 10});
  }
  int Connections() const {
    return std::stoi(Server().Run(database_,
                                  "SELECT count(*) FROM pg_stat_activity WHERE application_name='orchestrator' AND "
                                  "datname='" +
                                      database_ + "'"));
  }

  const std::string database_ = Server().CreateDatabase();
  PostgresOptions options_ = Options(Server().Target(database_));
  std::unique_ptr<Store> store_;
};

TEST_F(PostgresLimits, AReadEndsWithItsCaller) {
  ChannelStore& channel = Open();
  auto locked = std::make_unique<LockedFunctions>(database_);
  const auto began = std::chrono::steady_clock::now();
  ExpectUnavailable(ListFunctions(channel, In(200ms)), "the database took too long");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
  // The next one on the connection has its own limit.
  std::future<Result<std::vector<AssetRow>>> patient =
      std::async(std::launch::async, [&] { return ListFunctions(channel, kNoDeadline); });
  EXPECT_EQ(patient.wait_for(600ms), std::future_status::timeout);
  locked.reset();
  EXPECT_TRUE(patient.get());
  EXPECT_TRUE(ListFunctions(channel, In(60s)));
}

TEST_F(PostgresLimits, AStatementHasALimitOfItsOwn) {
  options_.statement_ms = 200;
  ChannelStore& channel = Open();
  const LockedFunctions locked(database_);
  ExpectUnavailable(ListFunctions(channel, In(60s)), "the database took too long");
}

TEST_F(PostgresLimits, AWaitForALockHasALimitOfItsOwn) {
  options_.lock_ms = 200;
  ChannelStore& channel = Open();
  const LockedFunctions locked(database_);
  ExpectUnavailable(ListFunctions(channel, In(60s)), "another writer holds the channel");
}

TEST_F(PostgresLimits, AReadWaitsForAConnectionNoLongerThanItsCaller) {
  ChannelStore& channel = Open();
  auto taken = Must(channel.Read());
  const auto began = std::chrono::steady_clock::now();
  ExpectUnavailable(channel.Read(In(100ms)), "all connections to the database are in use; try again later");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
  taken.reset();
  EXPECT_TRUE(channel.Read(In(60s)));
}

TEST_F(PostgresLimits, APoolThatIsTakenIsUnavailableInTime) {
  options_.pool_wait_ms = 100;
  ChannelStore& channel = Open();
  const auto taken = Must(channel.Read());
  ExpectUnavailable(channel.Read(), "all connections to the database are in use; try again later");
}

TEST_F(PostgresLimits, ConnectionsAreBoundedAndOneListens) {
  options_.max_connections = 6;
  store_ = Must(OpenPostgresStore(options_));
  std::atomic<bool> available = false;
  store_->Follow({{}, [&](bool now) { available = now; }});
  std::vector<ChannelStore*> channels;
  for (int i = 0; i < 8; ++i) channels.push_back(Must(store_->OpenChannel("channel" + std::to_string(i))));
  EXPECT_TRUE(Eventually([&] { return available.load(); }));
  EXPECT_EQ(Connections(), 2);  // one opened the channels, one listens for all of them

  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (ChannelStore* const channel : channels) {
    threads.emplace_back([&, channel] {
      while (!stop) Must(WriteOne(*channel));
    });
    threads.emplace_back([&, channel] {
      while (!stop) Must(ReadHead(*channel));
    });
  }
  int most = 0;
  EXPECT_TRUE(Eventually([&] {
    most = std::max(most, Connections());
    return most == 6;
  }));
  for (int i = 0; i < 20; ++i) EXPECT_LE(Connections(), 6);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  store_->Follow({});
}

}  // namespace
}  // namespace orc
