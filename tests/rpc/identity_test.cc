#include "rpc/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orc {
namespace {

Channels TestChannels() {
  auto channels = ParseChannels("channels: {mychannel: [org1, org2], yours: [org2], void: []}");
  return *std::move(channels);
}

TEST(Identify, RowsOfTheSpecificationInTheirOrder) {
  const ChannelDirectory directory(TestChannels());
  const struct {
    Metadata metadata;
    ErrorKind kind;
    const char* text;
  } cases[] = {
      {{}, ErrorKind::kBadRequest, "OE0003: missing or invalid header 'mspid'"},
      {{{"channel", "mychannel"}}, ErrorKind::kBadRequest, "OE0003: missing or invalid header 'mspid'"},
      {{{"mspid", "org1"}, {"mspid", "org1"}, {"channel", "mychannel"}},
       ErrorKind::kBadRequest,
       "OE0003: missing or invalid header 'mspid'"},
      {{{"mspid", "org1"}}, ErrorKind::kRefused, "missing or invalid header 'channel'"},
      {{{"mspid", "nobody"}}, ErrorKind::kRefused, "missing or invalid header 'channel'"},
      {{{"mspid", "org1"}, {"channel", "mychannel"}, {"channel", "mychannel"}},
       ErrorKind::kRefused,
       "missing or invalid header 'channel'"},
      {{{"mspid", "nobody"}, {"channel", "mychannel"}}, ErrorKind::kRefused, "organization \"nobody\" is unknown"},
      {{{"mspid", ""}, {"channel", "mychannel"}}, ErrorKind::kRefused, "organization \"\" is unknown"},
      {{{"mspid", "ORG1"}, {"channel", "mychannel"}}, ErrorKind::kRefused, "organization \"ORG1\" is unknown"},
      {{{"mspid", "a\"b\\c"}, {"channel", "x"}}, ErrorKind::kRefused, R"(organization "a\"b\\c" is unknown)"},
      {{{"mspid", "org1"}, {"channel", "yours"}},
       ErrorKind::kRefused,
       "organization \"org1\" has not access to channel \"yours\""},
      {{{"mspid", "org1"}, {"channel", "nowhere"}},
       ErrorKind::kRefused,
       "organization \"org1\" has not access to channel \"nowhere\""},
      {{{"mspid", "org1"}, {"channel", ""}},
       ErrorKind::kRefused,
       "organization \"org1\" has not access to channel \"\""},
  };
  for (const auto& each : cases) {
    const auto caller = Identify(each.metadata, {}, {directory});
    ASSERT_FALSE(caller) << each.text;
    EXPECT_EQ(caller.error().kind, each.kind) << each.text;
    EXPECT_EQ(caller.error().text, each.text);
  }
}

TEST(Identify, AMemberIsLetIn) {
  const ChannelDirectory directory(TestChannels());
  const auto caller = Identify({{"mspid", "org2"}, {"channel", "yours"}, {"reqid", "my request"}, {"user-agent", "x"}},
                               {}, {directory});
  ASSERT_TRUE(caller) << caller.error().text;
  EXPECT_EQ(caller->organization, "org2");
  EXPECT_EQ(caller->channel, "yours");
  EXPECT_EQ(caller->request_id, "my request");
}

TEST(Identify, FollowsTheDirectory) {
  ChannelDirectory directory(TestChannels());
  const Metadata metadata{{"mspid", "org3"}, {"channel", "void"}};
  EXPECT_FALSE(Identify(metadata, {}, {directory}));
  auto next = ParseChannels("channels: {void: [org3]}");
  ASSERT_TRUE(next);
  directory.Replace(*std::move(next));
  EXPECT_TRUE(Identify(metadata, {}, {directory}));
}

TEST(RequestId, GivenOnceOrMade) {
  const auto hex = testing::MatchesRegex("[0-9a-f]{8}");
  EXPECT_EQ(RequestId({{"reqid", "abc"}}), "abc");
  EXPECT_EQ(RequestId({{"reqid", ""}}), "");
  EXPECT_THAT(RequestId({}), hex);
  EXPECT_THAT(RequestId({{"reqid", "abc"}, {"reqid", "abc"}}), hex);
  EXPECT_NE(RequestId({}) + RequestId({}), RequestId({}) + RequestId({}));
  const std::string longest(kMaxRequestIdBytes, 'x');
  EXPECT_EQ(RequestId({{"reqid", longest + "y"}}), longest);
}

}  // namespace
}  // namespace orc
