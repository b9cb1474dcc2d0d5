// What `orchestrator check` says of clocks: this machine's, and the database's beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "server/check.h"
#include "server/check_store.h"
#include "tests/store/temp_folder.h"
#include "tests/support/postgres_server.h"

namespace {

std::atomic<int64_t> ahead_s{0};
std::atomic<int> follows{TIME_OK};

}  // namespace

// These two in the place of the C library's, for the whole program: a clock that can be set, and its state.
extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const auto failed = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (clock == CLOCK_REALTIME) now->tv_sec += ahead_s;
  return failed;
}
extern "C" int adjtimex(timex* /*state*/) noexcept {
  return follows;
}

namespace orc {
namespace {

using testing::ContainsRegex;

constexpr int64_t kHour_s = 3600;
constexpr int64_t kTwentyYears_s = 20 * 365 * 24 * kHour_s;

class CheckClocks : public testing::Test {
 protected:
  CheckClocks() {
    const std::string channels = folder_.path() / "channels.yaml";
    std::ofstream(channels) << "channels: {c: [OrgA]}\n";
    settings_.channel_config = channels;
    settings_.data_dir = folder_.path() / "data";
    settings_.listen_address = "127.0.0.1:0";
    settings_.database_max_connections = 4;
  }
  ~CheckClocks() override {
    ahead_s = 0;
    follows = TIME_OK;
    // The check's own ends with it.
    InstallLogSink(LogLevel::kOff, [](LogLevel, std::string_view, std::span<const LogField>) {});
  }

  ExitCode RunCheck() { return Check(settings_, out_); }
  void CheckDatabase() {
    settings_.database_target = PostgresServer::Instance().Target("postgres");
    CheckReport report(out_);
    CheckStore(settings_, report);
  }
  std::string said() const { return out_.str(); }

 private:
  TempFolder folder_;
  Settings settings_;
  std::ostringstream out_;
};

TEST_F(CheckClocks, OneThatFollowsATimeServerIsFine) {
  EXPECT_EQ(RunCheck(), ExitCode::kDone);
  EXPECT_THAT(said(), ContainsRegex("fine     clock: 20[0-9-]+T[0-9:.]+Z\n"));
}

TEST_F(CheckClocks, OneThatFollowsNoneIsAWarning) {
  follows = TIME_ERROR;
  EXPECT_EQ(RunCheck(), ExitCode::kDone);
  EXPECT_THAT(said(), ContainsRegex("warning  clock: 20.*; the system does not say that it follows a time server\n"));
}

TEST_F(CheckClocks, OneThatCannotBeTrueIsWrong) {
  ahead_s = -kTwentyYears_s;
  EXPECT_EQ(RunCheck(), ExitCode::kSetUp);
  EXPECT_THAT(said(), ContainsRegex("wrong    clock: 20.* cannot be true: set it, and let it follow a time server\n"));
}

TEST_F(CheckClocks, TheDatabaseHasTheSame) {
  CheckDatabase();
  EXPECT_THAT(said(), ContainsRegex("fine     database clock: [0-9]+ ms (behind|ahead of) this machine's\n"));
}

TEST_F(CheckClocks, TheDatabaseIsAnHourBehind) {
  ahead_s = kHour_s;
  CheckDatabase();
  EXPECT_THAT(said(), ContainsRegex("warning  database clock: (3599|3600)[0-9]{3} ms behind this machine's: let both"));
}

TEST_F(CheckClocks, TheDatabaseIsAnHourAhead) {
  ahead_s = -kHour_s;
  CheckDatabase();
  EXPECT_THAT(said(), ContainsRegex("warning  database clock: (3599|3600)[0-9]{3} ms ahead of this machine's: let"));
}

}  // namespace
}  // namespace orc
