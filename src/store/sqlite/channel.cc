#include "store/sqlite/channel.h"

#include <sqlite3.h>

#include <chrono>

#include "base/log.h"
#include "domain/assert.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/snapshot.h"

namespace orc::sqlite {
namespace {

// In pages of 4 KiB: 28 MiB and 128 MiB. Frequent checkpoints write the same pages again and again; rare ones let the
// log outgrow the caches.
constexpr int kCheckpointPages = 28 * 256;
constexpr int kLargeLogPages = 128 * 256;
// How long a checkpoint of a large log waits for readers that still use it.
constexpr int kTruncateWaitMs = 50;

// While set, closing the last connection leaves the file as it is.
void SetCheckpointOnClose(Connection& connection, bool on) {
  sqlite3_db_config(connection.Handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

Result<void> UseLog(Connection& connection, const std::string& path) {
  Use use(connection, "PRAGMA journal_mode=WAL");
  if (use.Step() && use.Bytes(0) == "wal") return {};
  return Fail(ErrorKind::kUnavailable, "storage is not available: the file system of " + path +
                                           " does not support shared memory, which the embedded store needs");
}

int KeepLogPages(void* log_pages, sqlite3*, const char*, int pages) {
  *static_cast<int*>(log_pages) = pages;
  return SQLITE_OK;
}

}  // namespace

Channel::Channel(const SqliteOptions& options, std::string path, std::string name)
    : options_(options),
      path_(std::move(path)),
      name_(std::move(name)),
      keys_(static_cast<size_t>(options.recent_keys)) {
  idle_readers_.reserve(static_cast<size_t>(options.read_connections));
}

Channel::~Channel() {
  // The writer's connection goes last: closing the last one checkpoints.
  idle_readers_.clear();
  writer_.reset();
}

Result<std::unique_ptr<Channel>> Channel::Open(const SqliteOptions& options, std::string path, std::string name) {
  std::unique_ptr<Channel> channel(new Channel(options, std::move(path), std::move(name)));
  ORC_TRY(Guarded([&] { return channel->OpenWriter(); }));
  ORC_TRY(Guarded([&] { return channel->LoadKeys(); }));
  return channel;
}

Result<void> Channel::OpenWriter() {
  auto connection = std::make_unique<Connection>(path_, Connection::Mode::kWriter, options_.busy_wait_ms);
  SetCheckpointOnClose(*connection, false);
  ORC_TRY(CheckVersion(*connection, path_));
  ORC_TRY(UseLog(*connection, path_));
  Migrate(*connection);
  ORC_TRY(CheckName(*connection));
  SetCheckpointOnClose(*connection, true);
  sqlite3_wal_hook(connection->Handle(), KeepLogPages, &log_pages_);
  writer_ = std::move(connection);
  return {};
}

Result<void> Channel::CheckName(Connection& connection) {
  std::optional<std::string> stored;
  {
    Use use(connection, "SELECT name FROM channel WHERE one=1");
    if (use.Step()) stored = use.Bytes(0);
  }
  if (!stored) {
    Use use(connection, "INSERT INTO channel (one, name) VALUES (1, ?1)");
    use.Bind(1, name_);
    use.Run();
  } else if (*stored != name_) {
    return Fail(ErrorKind::kInternal, path_ + " belongs to another channel");
  }
  return {};
}

Result<void> Channel::LoadKeys() {
  const HeadRow row = ReadHead(*writer_);
  keys_.Load(*writer_, row.keyed, row.head.position);
  return {};
}

Result<std::unique_ptr<Transaction>> Channel::Begin() {
  ORC_ASSERT(!writing_);
  if (writer_ == nullptr) ORC_TRY(Guarded([this] { return OpenWriter(); }));
  if (tail_dirty_) ORC_TRY(Guarded([this] { return CleanTail(); }));
  if (keys_.IsStale()) ORC_TRY(Guarded([this] { return LoadKeys(); }));
  auto transaction = std::make_unique<ChannelTransaction>(*this);
  ORC_TRY(transaction->Start());
  return transaction;
}

void Channel::RollBack() noexcept {
  if (writer_->InTransaction()) writer_->TryRun("ROLLBACK");
  if (writer_->InTransaction()) writer_.reset();
}

Result<void> Channel::Settle(int64_t commits, const Error& error) noexcept {
  RollBack();
  tail_dirty_ = true;
  const Result<bool> durable = Guarded([&]() -> Result<bool> {
    if (writer_ == nullptr) ORC_TRY(OpenWriter());
    if (ReadHead(*writer_).commits == commits) {
      tail_dirty_ = false;
      return true;
    }
    ORC_TRY(CleanTail());
    return false;
  });
  if (durable && *durable) return {};
  return tl::unexpected<Error>(error);
}

Result<void> Channel::CleanTail() {
  try {
    writer_->Run("BEGIN IMMEDIATE");
    // A number that the failed commit did not write, so that nothing in the log is the same as its pages.
    HeadRow row = ReadHead(*writer_);
    row.commits += 2;
    WriteHead(*writer_, row);
    writer_->Run("COMMIT");
  } catch (...) {
    RollBack();
    throw;
  }
  tail_dirty_ = false;
  return {};
}

void Channel::Maintain() {
  ORC_ASSERT(!writing_);
  if (writer_ == nullptr) return;
  if (log_pages_ < checkpointed_log_pages_) checkpointed_log_pages_ = 0;  // the log has begun anew
  if (log_pages_ - checkpointed_log_pages_ < kCheckpointPages) return;
  const bool large = log_pages_ >= kLargeLogPages;
  sqlite3* const handle = writer_->Handle();
  if (large) sqlite3_busy_timeout(handle, kTruncateWaitMs);
  const int mode = large ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(handle, nullptr, mode, nullptr, nullptr) & 0xFF;
  if (large) sqlite3_busy_timeout(handle, options_.busy_wait_ms);
  checkpointed_log_pages_ = log_pages_;  // also after a failure: the next try comes with the next pages
  if (code != SQLITE_OK && code != SQLITE_BUSY) {
    Log(LogLevel::kWarn, "checkpoint failed", {{"file", path_}, {"error", sqlite3_errstr(code)}});
  }
}

Result<std::unique_ptr<Snapshot>> Channel::Read(Deadline deadline) {
  ORC_ASSIGN(std::unique_ptr<Connection> reader, TakeReader(deadline));
  auto snapshot = std::make_unique<ChannelSnapshot>(*this, std::move(reader));
  ORC_TRY(snapshot->Start());
  return snapshot;
}

Result<std::unique_ptr<Connection>> Channel::TakeReader(Deadline deadline) {
  {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !idle_readers_.empty() || open_readers_ < options_.read_connections; };
    const std::chrono::milliseconds patience(MillisecondsUntil(deadline, options_.reader_wait_ms));
    if (!reader_free_.wait_for(lock, patience, ready)) {
      return Fail(ErrorKind::kUnavailable, "storage is not available: too many reads at once; try again later");
    }
    if (!idle_readers_.empty()) {
      std::unique_ptr<Connection> reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return reader;
    }
    ++open_readers_;
  }
  auto opened = Guarded([this]() -> Result<std::unique_ptr<Connection>> {
    return std::make_unique<Connection>(path_, Connection::Mode::kReader, options_.busy_wait_ms);
  });
  if (!opened) Discard(nullptr);
  return opened;
}

void Channel::GiveBack(std::unique_ptr<Connection> reader) noexcept {
  {
    const std::lock_guard lock(mutex_);
    idle_readers_.push_back(std::move(reader));  // never allocates: reserved
  }
  reader_free_.notify_one();
}

void Channel::Discard(std::unique_ptr<Connection> reader) noexcept {
  reader.reset();
  {
    const std::lock_guard lock(mutex_);
    --open_readers_;
  }
  reader_free_.notify_one();
}

}  // namespace orc::sqlite
