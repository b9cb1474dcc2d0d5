#include "rpc/channel_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// channel/organization pairs, in order; a channel without members as `channel/`.
std::vector<std::string> Pairs(const Channels& channels) {
  std::vector<std::string> pairs;
  for (const auto& [channel, members] : channels.members) {
    if (members.empty()) pairs.push_back(channel + "/");
    for (const std::string& organization : members) pairs.push_back(channel + "/" + organization);
  }
  return pairs;
}

TEST(ParseChannels, ReadsChannelsAndIgnoresUnknownKeys) {
  const auto channels = ParseChannels(
      "listeners: [x, {y: z}]\n"
      "channels:\n"
      "  mychannel:\n    - MyOrg1MSP\n    - MyOrg2MSP\n"
      "  other: [MyOrg2MSP, MyOrg2MSP]\n"
      "  empty:\n"
      "  alsoempty: []\n");
  ASSERT_TRUE(channels) << channels.error().text;
  EXPECT_THAT(Pairs(*channels),
              ElementsAre("alsoempty/", "empty/", "mychannel/MyOrg1MSP", "mychannel/MyOrg2MSP", "other/MyOrg2MSP"));
  EXPECT_THAT(channels->organizations, ElementsAre("MyOrg1MSP", "MyOrg2MSP"));
}

TEST(ParseChannels, TakesScalarsAsText) {
  const auto channels = ParseChannels("channels: {1: [2, 0x10, 1e3], true: [no, \"null\", 2001-01-01]}");
  ASSERT_TRUE(channels) << channels.error().text;
  EXPECT_THAT(Pairs(*channels), ElementsAre("1/0x10", "1/1e3", "1/2", "true/2001-01-01", "true/no", "true/null"));
}

TEST(ParseChannels, NoChannels) {
  for (const char* yaml :
       {"", "# only a comment\n", "---\n", "channels:\n", "channels: null", "channels: {}", "a: b"}) {
    const auto channels = ParseChannels(yaml);
    ASSERT_TRUE(channels) << yaml << ": " << channels.error().text;
    EXPECT_THAT(channels->members, IsEmpty()) << yaml;
    EXPECT_THAT(channels->organizations, IsEmpty()) << yaml;
  }
}

TEST(ParseChannels, AliasesAreLists) {
  const auto channels = ParseChannels("channels:\n  a: &all [x, y]\n  b: *all\n");
  ASSERT_TRUE(channels) << channels.error().text;
  EXPECT_THAT(Pairs(*channels), ElementsAre("a/x", "a/y", "b/x", "b/y"));
}

TEST(ParseChannels, RefusesWhatIsNotAChannelFile) {
  const std::string hundred_and_one(101, 'x');
  const struct {
    std::string yaml;
    const char* text;
  } cases[] = {
      {"channels: [a, b]", "channels: a map of channel names"},
      {"channels: text", "channels: a map of channel names"},
      {"[channels]", "the document is not a map"},
      {"just text", "the document is not a map"},
      {"channels: {a: b}", "channel \"a\": a list of organization ids is expected"},
      {"channels: {a: {b: c}}", "channel \"a\": a list of organization ids is expected"},
      {"channels: {a: [[b]]}", "channel \"a\": an organization id is not a text"},
      {"channels: {a: [{b: c}]}", "channel \"a\": an organization id is not a text"},
      {"channels: {a: [\"\"]}", "channel \"a\": an organization id is empty"},
      {"channels: {a: [~]}", "channel \"a\": an organization id is empty"},
      {"channels: {\"\": [b]}", "a channel name is empty"},
      {"channels: {[a]: [b]}", "a channel name is not a text"},
      {"channels: {a: [b], a: [c]}", "channel \"a\" is given twice"},
      {"channels: {}\nchannels: {}", "the key channels is given twice"},
      {"channels: {a: [" + hundred_and_one + "]}", "an organization id is longer than 100 characters"},
      {"channels: {" + hundred_and_one + ": []}", "a channel name is longer than 100 characters"},
      {"channels: {a: [b", "line"},
      {"channels: {a: *nobody}", "the referenced anchor is not defined"},
      {"channels: " + std::string(10'000, '['), "nested too deeply"},
  };
  for (const auto& each : cases) {
    const auto channels = ParseChannels(each.yaml);
    ASSERT_FALSE(channels) << each.yaml;
    EXPECT_EQ(channels.error().kind, ErrorKind::kRefused);
    EXPECT_THAT(channels.error().text, HasSubstr(each.text));
  }
}

TEST(ParseChannels, CountsCharactersNotBytes) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "é";
  EXPECT_TRUE(ParseChannels("channels: {a: [" + name + "]}"));
  EXPECT_FALSE(ParseChannels("channels: {a: [" + name + "é]}"));
}

TEST(ParseChannels, HasBounds) {
  std::string yaml = "channels:\n";
  for (size_t i = 0; i < kMaxChannels; ++i) yaml += "  c" + std::to_string(i) + ": []\n";
  EXPECT_TRUE(ParseChannels(yaml));
  const auto too_many = ParseChannels(yaml + "  more: []\n");
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().text, "more than 1000 channels");

  // 1,000 entries named 101 times: a small file, a large directory.
  std::string aliases = "channels:\n  a: &a [";
  for (int i = 0; i < 1000; ++i) aliases += "o" + std::to_string(i) + ",";
  aliases += "]\n";
  for (int i = 0; i < 100; ++i) aliases += "  c" + std::to_string(i) + ": *a\n";
  const auto exploded = ParseChannels(aliases);
  ASSERT_FALSE(exploded);
  EXPECT_EQ(exploded.error().text, "more than 100000 list entries");
}

TEST(ReadChannelFile, NamesFileAndReason) {
  const auto missing = ReadChannelFile("/nonexistent/config.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text, "channel file \"/nonexistent/config.yaml\": No such file or directory");
  const auto folder = ReadChannelFile("/tmp");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().text, "channel file \"/tmp\": not a regular file");
}

}  // namespace
}  // namespace orc
