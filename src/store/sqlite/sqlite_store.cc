#include "store/sqlite/sqlite_store.h"

#include <sqlite3.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "domain/assert.h"
#include "store/sqlite/channel.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/folder.h"

namespace orc {
namespace {

class SqliteStore final : public Store {
 public:
  SqliteStore(SqliteOptions options, sqlite::FolderLock lock) : options_(std::move(options)), lock_(std::move(lock)) {}

  Result<ChannelStore*> OpenChannel(const std::string& channel) override {
    const std::lock_guard guard(mutex_);
    if (const auto found = channels_.find(channel); found != channels_.end()) return found->second.get();
    const std::filesystem::path path = ChannelsFolder(options_) / sqlite::ChannelFileName(channel);
    ORC_ASSIGN(std::unique_ptr<sqlite::Channel> opened, sqlite::Channel::Open(options_, path.string(), channel));
    return channels_.emplace(channel, std::move(opened)).first->second.get();
  }

  void Follow(StoreEvents) override {}

  static std::filesystem::path ChannelsFolder(const SqliteOptions& options) { return options.folder / "channels"; }

 private:
  const SqliteOptions options_;
  const sqlite::FolderLock lock_;  // let go after the channels are closed
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<sqlite::Channel>> channels_;
};

}  // namespace

Result<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options) {
  ORC_ASSERT(options.read_connections >= 1);
  // SQLite's own count of its memory, which nobody reads, costs a lock for every allocation. No effect once it is in
  // use.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  ORC_TRY(sqlite::CreateFolder(options.folder));
  ORC_ASSIGN(sqlite::FolderLock lock, sqlite::FolderLock::Take(options.folder));
  ORC_TRY(sqlite::CreateFolder(SqliteStore::ChannelsFolder(options)));
  return std::make_unique<SqliteStore>(options, std::move(lock));
}

}  // namespace orc
