#include "store/postgres/postgres_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "domain/assert.h"
#include "store/postgres/channel.h"
#include "store/postgres/failure.h"
#include "store/postgres/follower.h"
#include "store/postgres/inspect.h"
#include "store/postgres/migrations.h"
#include "store/postgres/pool.h"
#include "store/postgres/target.h"

namespace orc {
namespace {

using postgres::Connection;
using postgres::ConnectionOptions;
using postgres::Guarded;
using postgres::Parameters;
using postgres::Rows;

constexpr int32_t kMigrationStatementMs = 600'000;
constexpr int32_t kMigrationLockMs = 60'000;

Result<ConnectionOptions> MakeConnectionOptions(const PostgresOptions& options) {
  ConnectionOptions made;
  ORC_ASSIGN(made.target, postgres::CompleteTarget(options.target));
  made.statement_ms = options.statement_ms;
  made.lock_ms = options.lock_ms;
  made.idle_ms = options.idle_ms;
  made.reply_margin_ms = options.reply_margin_ms;
  return made;
}

int32_t Migrate(ConnectionOptions options) {
  options.statement_ms = kMigrationStatementMs;
  options.lock_ms = kMigrationLockMs;
  Connection connection(options);
  const int32_t steps = postgres::MigrateDatabase(connection);
  const std::string version = std::to_string(postgres::SchemaVersion());
  if (steps > 0) Log(LogLevel::kInfo, "the database's schema was brought up to date", {{"version", version}});
  return steps;
}

int32_t WritingConnections(const PostgresOptions& options) {
  return std::max(2, options.max_connections / 4);
}

class PostgresStore final : public Store {
 public:
  PostgresStore(const PostgresOptions& options, const ConnectionOptions& connections)
      : migrate_(options.migrate),
        connector_(connections),
        readers_(connector_, ReadingConnections(options), options.pool_wait_ms),
        writers_(connector_, WritingConnections(options), options.pool_wait_ms),
        follower_(connector_, options.poll_ms),
        shared_{readers_, writers_, follower_, options.settle_ms} {}

  Result<ChannelStore*> OpenChannel(const std::string& channel) override {
    const std::lock_guard guard(mutex_);
    if (const auto found = channels_.find(channel); found != channels_.end()) return found->second.get();
    ORC_ASSIGN(const int64_t id, Guarded([&]() -> Result<int64_t> { return FindOrCreate(channel); }));
    follower_.Add(id, channel);
    return channels_.emplace(channel, std::make_unique<postgres::Channel>(shared_, id)).first->second.get();
  }

  void Follow(StoreEvents events) override { follower_.Follow(std::move(events)); }

 private:
  int64_t FindOrCreate(const std::string& channel) {
    if (migrate_) {
      Migrate(connector_.options());
      migrate_ = false;
    }
    const postgres::Pool::Lease lease = writers_.Take();
    constexpr std::string_view kFind =
        "SELECT id FROM orchestrator.channels JOIN orchestrator.heads ON channel=id WHERE name=$1";
    const Parameters name = Parameters().Bytes(channel);
    Rows found = lease->Ask(kFind, name);
    if (!found.empty()) return found.Int(0, 0);
    lease->Queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    lease->Queue("INSERT INTO orchestrator.channels (name) VALUES ($1) ON CONFLICT DO NOTHING", name);
    lease->Queue(
        "INSERT INTO orchestrator.heads (channel, position, timestamp_us) "
        "SELECT id, 0, 0 FROM orchestrator.channels WHERE name=$1 ON CONFLICT DO NOTHING",
        name);
    lease->Commit();
    found = lease->Ask(kFind, name);
    if (found.empty()) throw postgres::Damaged("a channel cannot be created");
    return found.Int(0, 0);
  }

  std::mutex mutex_;
  bool migrate_;  // guarded by mutex_
  postgres::Connector connector_;
  postgres::Pool readers_;
  postgres::Pool writers_;
  postgres::Follower follower_;
  const postgres::Shared shared_;
  std::map<std::string, std::unique_ptr<postgres::Channel>> channels_;  // guarded by mutex_
};

}  // namespace

int32_t ReadingConnections(const PostgresOptions& options) {
  return options.max_connections - 1 - WritingConnections(options);
}

Result<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& options) {
  ORC_ASSERT(options.max_connections >= 4);
  ORC_ASSIGN(const ConnectionOptions connections, MakeConnectionOptions(options));
  return std::make_unique<PostgresStore>(options, connections);
}

Result<int32_t> MigratePostgres(const PostgresOptions& options) {
  ORC_ASSIGN(const ConnectionOptions connections, MakeConnectionOptions(options));
  return Guarded([&]() -> Result<int32_t> { return Migrate(connections); });
}

Result<PostgresFacts> InspectPostgres(const PostgresOptions& options) {
  ORC_ASSIGN(const ConnectionOptions connections, MakeConnectionOptions(options));
  return Guarded([&]() -> Result<PostgresFacts> {
    Connection connection(connections);
    return postgres::Inspect(connection);
  });
}

}  // namespace orc
