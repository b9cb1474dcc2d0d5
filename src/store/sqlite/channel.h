// One channel of the embedded store: a writer's connection, a pool of readers' connections, and the checkpoints.
// Thread safety and failures as ChannelStore says; sqlite_store.h explains the log and its checkpoints.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/recent_keys.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store.h"

namespace orc::sqlite {

class Channel final : public ChannelStore {
 public:
  // Opens or creates the database of channel `name` in the file `path`.
  static Result<std::unique_ptr<Channel>> Open(const SqliteOptions& options, std::string path, std::string name);
  ~Channel() override;

  Result<std::unique_ptr<Snapshot>> Read(Deadline deadline) override;
  Result<std::unique_ptr<Transaction>> Begin() override;
  void Maintain() override;

 private:
  friend class ChannelSnapshot;
  friend class ChannelTransaction;

  Channel(const SqliteOptions& options, std::string path, std::string name);

  // Opens the writer's connection, checks that the file is this channel's and brings its schema up to date.
  Result<void> OpenWriter();
  Result<void> CheckName(Connection& connection);
  // Reads the keys that the tables of keys lack.
  Result<void> LoadKeys();
  // Ends the writer's transaction, if there is one; drops the connection when even that fails.
  void RollBack() noexcept;
  // After a commit that failed with `error`: success when it is in the database after all, else `error`.
  // `commits` is the number that the commit wrote.
  Result<void> Settle(int64_t commits, const Error& error) noexcept;
  // Overwrites what a failed commit left behind the end of the log.
  Result<void> CleanTail();

  Result<std::unique_ptr<Connection>> TakeReader(Deadline deadline);
  void GiveBack(std::unique_ptr<Connection> reader) noexcept;
  void Discard(std::unique_ptr<Connection> reader) noexcept;

  const SqliteOptions options_;
  const std::string path_;
  const std::string name_;

  // Of the channel's writer.
  std::unique_ptr<Connection> writer_;
  bool writing_ = false;            // a transaction exists
  bool tail_dirty_ = false;         // a failed commit may be whole behind the end of the log
  int log_pages_ = 0;               // in the log after the last commit, checkpointed or not
  int checkpointed_log_pages_ = 0;  // log_pages_ at the last checkpoint
  RecentKeys keys_;                 // readers look at it too

  std::mutex mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<Connection>> idle_readers_;
  int32_t open_readers_ = 0;  // idle or taken
};

}  // namespace orc::sqlite
