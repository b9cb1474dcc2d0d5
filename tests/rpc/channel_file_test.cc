#include "rpc/channel_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/log.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kPoll = 5ms;

// A folder in the layout of a Kubernetes volume: config.yaml -> ..data/config.yaml, ..data -> <version>/.
class ChannelFileTest : public testing::Test {
 protected:
  void SetUp() override {
    Swap("channels: {a: [org1]}");
    fs::create_symlink("..data/config.yaml", folder_ / "config.yaml");
    InstallLogSink(LogLevel::kInfo, [this](LogLevel level, std::string_view message, std::span<const LogField> fields) {
      std::string line = (level == LogLevel::kError ? "error: " : "") + std::string(message);
      for (const auto& [name, value] : fields) line += " | " + std::string(name) + "=" + value;
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
    });
  }

  void TearDown() override {
    file_.reset();
    InstallLogSink(LogLevel::kOff, [](LogLevel, std::string_view, std::span<const LogField>) {});
  }

  std::string Path() const { return folder_ / "config.yaml"; }

  void Swap(const std::string& content) {
    const std::string version = "v" + std::to_string(++version_);
    fs::create_directory(folder_ / version);
    std::ofstream(folder_ / version / "config.yaml") << content;
    fs::create_directory_symlink(version, folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  }

  void Open() {
    auto file = ChannelFile::Open(Path(), kPoll);
    ASSERT_TRUE(file) << file.error().text;
    file_ = *std::move(file);
  }

  std::vector<std::string> Lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  // Waits until the log has `count` lines, then for as long as further lines would take to appear.
  void WaitForLines(size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (Lines().size() < count && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(kPoll);
    std::this_thread::sleep_for(20 * kPoll);
  }

  bool Has(const char* channel, const char* organization) {
    const auto channels = file_->Directory().Current();
    const auto found = channels->members.find(channel);
    return found != channels->members.end() && found->second.contains(organization);
  }

  const TempFolder temporary_;
  const fs::path folder_ = temporary_.path();
  int version_ = 0;
  std::unique_ptr<ChannelFile> file_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(ChannelFileTest, TakesOverASwappedSymbolicLinkAndLogsWhatChanged) {
  Open();
  EXPECT_TRUE(Has("a", "org1"));
  const auto before = file_->Directory().Current();
  Swap("channels: {a: [org2], b: [org2]}");
  WaitForLines(1);
  EXPECT_FALSE(Has("a", "org1"));
  EXPECT_TRUE(Has("b", "org2"));
  EXPECT_TRUE(before->organizations.contains("org1"));  // a snapshot does not change
  EXPECT_THAT(Lines(), ElementsAre("channel file read again | channels=+b | organizations=+a/org2 +b/org2 -a/org1"));
}

TEST_F(ChannelFileTest, ABadFileIsRefusedOnceAndTheStateBeforeItStays) {
  Open();
  Swap("channels: {a: nonsense}");
  WaitForLines(1);
  EXPECT_TRUE(Has("a", "org1"));
  ASSERT_EQ(Lines().size(), 1u);
  EXPECT_THAT(Lines()[0], HasSubstr("error: channel file refused"));
  EXPECT_THAT(Lines()[0], HasSubstr("channel file \"" + Path() + "\": channel \"a\": a list of organization ids"));

  Swap("channels: {a: {other: nonsense}}");
  WaitForLines(2);
  EXPECT_EQ(Lines().size(), 2u);

  Swap("channels: {c: [org3]}");
  WaitForLines(3);
  EXPECT_TRUE(Has("c", "org3"));
  EXPECT_EQ(Lines().size(), 3u);
}

TEST_F(ChannelFileTest, AFileThatDisappearsLeavesTheState) {
  Open();
  fs::remove(folder_ / "..data");
  WaitForLines(1);
  EXPECT_TRUE(Has("a", "org1"));
  ASSERT_EQ(Lines().size(), 1u);
  EXPECT_THAT(Lines()[0], HasSubstr("No such file or directory"));
}

TEST_F(ChannelFileTest, AnUnchangedContentIsNotNews) {
  Open();
  Swap("channels: {a: [org1]}");
  WaitForLines(0);
  EXPECT_THAT(Lines(), ElementsAre());
}

TEST_F(ChannelFileTest, ABadFileAtTheStartIsAnErrorThatNamesIt) {
  Swap("channels: 7");
  const auto file = ChannelFile::Open(Path(), kPoll);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().text, HasSubstr("channel file \"" + Path() + "\": channels: a map"));
}

TEST_F(ChannelFileTest, ALargeFileIsRefused) {
  Swap("# " + std::string(kMaxChannelFileBytes - 2, 'x'));
  EXPECT_TRUE(ReadChannelFile(Path()));
  Swap("# " + std::string(kMaxChannelFileBytes - 1, 'x'));
  const auto content = ReadChannelFile(Path());
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().text, HasSubstr("larger than 4 MiB"));
}

}  // namespace
}  // namespace orc
