// What lists cost in the embedded store: every list with every filter does little more work than its page needs,
// wherever the page begins, by SQLite's own counters.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "store/reading.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/folder.h"
#include "store/sqlite/queries.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/store/conformance.h"
#include "tests/store/list_cases.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

class Direct final : public Reading<Snapshot, sqlite::Queries, sqlite::Wall> {
 public:
  Direct(sqlite::Connection& connection, const sqlite::Seen& seen) : Reading(sqlite::Queries(connection, seen)) {}
};

// Of all statements of the connection since the last time.
int Take(sqlite::Connection& connection, int counter) {
  int sum = 0;
  sqlite3_stmt* statement = nullptr;
  while ((statement = sqlite3_next_stmt(connection.Handle(), statement)) != nullptr) {
    sum += sqlite3_stmt_status(statement, counter, 1);
  }
  return sum;
}

// Whether the keys are in memory instead of in their tables.
class SqliteLists : public testing::TestWithParam<bool> {};

TEST_P(SqliteLists, DoLittleMoreThanTheirPageNeeds) {
  constexpr int32_t kLimit = 15;  // so that the later page is the thousandth or so
  const TempFolder folder;
  FillLists(*Must(Must(OpenSqliteStore({.folder = folder.path(), .recent_keys = 1}))->OpenChannel("mychannel")));
  const std::filesystem::path file = folder.path() / "channels" / sqlite::ChannelFileName("mychannel");
  sqlite::Connection connection(file.string(), sqlite::Connection::Mode::kReader, 0);
  const sqlite::HeadRow row = sqlite::ReadHead(connection);
  sqlite::RecentKeys keys(1'000'000);
  const sqlite::Keyed keyed = GetParam() ? sqlite::Keyed() : row.keyed;
  keys.Load(connection, keyed, row.head.position);
  Take(connection, SQLITE_STMTSTATUS_VM_STEP);
  const sqlite::Seen seen{row.head, keyed, keys.View()};
  Direct snapshot(connection, seen);
  for (const ListCase& list : ListCases()) {
    // Of one reason there may be many events; those of one kind among them are found one by one.
    if (list.name.starts_with("events by reason common of")) continue;
    for (const bool descending : {false, true}) {
      SCOPED_TRACE(list.name + (descending ? ", descending" : ""));
      int first = 0;
      for (const int64_t after : {int64_t{0}, descending ? list.last / 5 : list.last * 4 / 5}) {
        Must(list.ask(snapshot, Page{.after = after, .limit = kLimit, .descending = descending}));
        EXPECT_EQ(Take(connection, SQLITE_STMTSTATUS_FULLSCAN_STEP), 0);
        EXPECT_EQ(Take(connection, SQLITE_STMTSTATUS_SORT), 0);
        EXPECT_EQ(Take(connection, SQLITE_STMTSTATUS_AUTOINDEX), 0);
        const int steps = Take(connection, SQLITE_STMTSTATUS_VM_STEP);
        EXPECT_LE(steps, 2'000);
        if (after == 0) first = steps;
        EXPECT_LE(steps, first + 100);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(KeysInMemory, SqliteLists, testing::Bool());

}  // namespace
}  // namespace orc
