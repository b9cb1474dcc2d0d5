// What lists cost in PostgreSQL: every list with every filter reads little more than its page, wherever the page
// begins.
//
// The statements are the store's own, on a filled database, and the database tells what it did for them (auto_explain
// with the counts of rows and buffers, in its log). Nothing here depends on time.
#include <gmock/gmock.h>

#include <functional>
#include <regex>

#include "tests/store/list_cases.h"
#include "tests/store/postgres_support.h"

namespace orc {
namespace {

constexpr const char* kExplain =
    " options='-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 "
    "-c auto_explain.log_analyze=on -c auto_explain.log_timing=off -c auto_explain.log_buffers=on'";

struct Cost {
  int64_t rows = 0;     // that scans have read, those thrown away included
  int64_t buffers = 0;  // pages of 8 KiB
  std::string plans;
};

int64_t Number(const std::ssub_match& match) {
  return std::stoll(match.str());
}

// What the plans in a piece of the database's log say.
Cost ReadPlans(std::string log) {
  static const std::regex scan(R"((Seq|Index|Index Only|Heap) Scan .*\(actual rows=(\d+) loops=(\d+)\))");
  static const std::regex removed(R"(Rows Removed by .*: (\d+))");
  static const std::regex buffers(R"(Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?)");
  Cost cost;
  std::istringstream lines(log);
  std::smatch match;
  int64_t loops = 1;
  bool top = false;  // the first count of buffers in a plan is that of all of it
  for (std::string line; std::getline(lines, line);) {
    if (line.find("Query Text:") != std::string::npos) top = true;
    if (std::regex_search(line, match, scan)) {
      loops = Number(match[3]);
      cost.rows += Number(match[2]) * loops;
    } else if (line.find("(actual ") != std::string::npos) {
      loops = 0;  // what a node that reads no table throws away was counted where it was read
    } else if (std::regex_search(line, match, removed)) {
      cost.rows += Number(match[1]) * loops;
    } else if (top && std::regex_search(line, match, buffers)) {
      for (const size_t i : {1U, 2U}) cost.buffers += match[i].matched ? Number(match[i]) : 0;
      top = false;
    }
  }
  cost.plans = std::move(log);
  return cost;
}

class PostgresPlans : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PostgresServer& server = PostgresServer::Instance();
    const std::string database = server.CreateDatabase();
    {
      const auto store = Must(OpenPostgresStore(Options(server.Target(database))));
      for (const char* name : {"other", "mychannel", "third"}) FillLists(*Must(store->OpenChannel(name)));
    }
    server.Run(database, "VACUUM ANALYZE");
    PostgresOptions options = Options(server.Target(database) + kExplain);
    options.max_connections = 4;  // one of them reads
    store_ = Must(OpenPostgresStore(options)).release();
    channel_ = Must(store_->OpenChannel("mychannel"));
  }
  static void TearDownTestSuite() { delete std::exchange(store_, nullptr); }

  static Cost Measure(const ListCase& list, const Page& page) {
    const auto ask = [&] { Must(list.ask(*Must(channel_->Read()), page)); };
    ask();  // the first time reads the catalog, too
    Must(Must(channel_->Read())->GetHead());
    const uintmax_t before = PostgresServer::Instance().LogSize();
    ask();
    // The next question is on the same connection: the plans of those before it are written.
    Must(Must(channel_->Read())->GetHead());
    return ReadPlans(PostgresServer::Instance().Log(before));
  }

  static Store* store_;
  static ChannelStore* channel_;
};

Store* PostgresPlans::store_ = nullptr;
ChannelStore* PostgresPlans::channel_ = nullptr;

TEST_F(PostgresPlans, ListsReadLittleMoreThanTheirPage) {
  constexpr int32_t kLimit = 15;  // so that the later page is the thousandth or so
  for (const ListCase& list : ListCases()) {
    for (const bool descending : {false, true}) {
      SCOPED_TRACE(list.name + (descending ? ", descending" : ""));
      const Cost first = Measure(list, Page{.limit = kLimit, .descending = descending});
      const int64_t deep = descending ? list.last / 5 : list.last * 4 / 5;
      const Cost later = Measure(list, Page{.after = deep, .limit = kLimit, .descending = descending});
      for (const Cost& cost : {first, later}) {
        // A row of the list and perhaps one of its body; and one for each range that is merged or step of a search, of
        // which there are fewer than a hundred.
        EXPECT_LE(cost.rows, 2 * kLimit + 100) << cost.plans;
        EXPECT_LE(cost.buffers, 4 * kLimit + 300) << cost.plans;
        EXPECT_THAT(cost.plans, testing::HasSubstr("Index"));
        EXPECT_THAT(cost.plans, testing::Not(testing::HasSubstr("Seq Scan")));
      }
      EXPECT_LE(later.rows, first.rows + 20) << later.plans;
      EXPECT_LE(later.buffers, 2 * first.buffers + 20) << first.plans << later.plans;
    }
  }
}

// Statements that were planned when the tables were small, and go on while they fill: before the database has looked at
// what is in them, and when it did so too early.
class PostgresPlansOfAYoungDatabase : public testing::TestWithParam<const char*> {
 protected:
  static constexpr int32_t kTasks = 100;

  // Looks up and writes as much as there is, up to kTasks tasks with as many edges; takes it back.
  static void Change(ChannelStore& channel) {
    std::vector<FullTaskRow> tasks = Must(Must(channel.Read())->ListTasks({}, Page{.limit = kTasks}));
    std::vector<Key> keys;
    ChangeSet changes;
    for (FullTaskRow& task : tasks) {
      keys.push_back(task.row.key);
      if (keys.size() > 1) changes.edges.push_back({keys.front(), task.row.key, 1'000});
      changes.changed_tasks.push_back(task.row);
    }
    const auto transaction = Must(channel.Begin());
    Must(transaction->FindTasks(keys));
    Must(transaction->FindTaskRows(keys));
    Must(transaction->FindOutputs(keys));
    Must(transaction->ListChildren(keys.front()));
    Must(transaction->ListEdges(keys, 10));
    changes.head = Must(transaction->GetHead());
    Must(transaction->Apply(changes));
  }
};

TEST_P(PostgresPlansOfAYoungDatabase, StatementsReadWhatTheyName) {
  PostgresServer& server = PostgresServer::Instance();
  const std::string database = server.CreateDatabase();
  const auto store = Must(OpenPostgresStore(Options(server.Target(database) + kExplain)));
  // One connection after the other serves all channels, with the same statements.
  ChannelStore& small = *Must(store->OpenChannel("small"));
  for (int i = 0; i < 5; ++i) Must(WriteOne(small));
  server.Run(database, GetParam());
  Change(small);
  ChannelStore& large = *Must(store->OpenChannel("large"));
  FillLists(large);
  large.Maintain();
  const uintmax_t before = server.LogSize();
  Change(large);
  Must(WriteOne(small));  // what came before it is in the log
  const Cost cost = ReadPlans(server.Log(before));
  EXPECT_GE(cost.rows, 5 * kTasks) << cost.plans;
  EXPECT_LE(cost.rows, 20 * kTasks) << cost.plans;
}

INSTANTIATE_TEST_SUITE_P(Statistics, PostgresPlansOfAYoungDatabase, testing::Values("SELECT 1", "VACUUM ANALYZE"),
                         [](const auto& test) { return test.index == 0 ? "None" : "TooEarly"; });

}  // namespace
}  // namespace orc
