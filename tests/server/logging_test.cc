#include "server/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <vector>

#include "server/version.h"

namespace orc {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class InTimeZone {
 public:
  explicit InTimeZone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
  ~InTimeZone() {
    unsetenv("TZ");
    tzset();
  }
};

const auto kTime = std::chrono::system_clock::from_time_t(1'704'164'645) + std::chrono::milliseconds(999);

std::string Json(std::string_view message, const std::vector<LogField>& fields = {}) {
  return JsonRecord(LogLevel::kInfo, message, fields, kTime);
}

TEST(JsonRecord, FieldsInTheirOrder) {
  const InTimeZone utc("UTC0");
  EXPECT_EQ(
      Json("gRPC server listening", {{"address", ":9000"}, {"a", ""}}),
      R"({"level":"info","address":":9000","a":"","time":"2024-01-02T03:04:05Z","message":"gRPC server listening"})");
}

TEST(JsonRecord, LocalTimeWithOffset) {
  {
    const InTimeZone india("IST-5:30");
    EXPECT_THAT(Json(""), HasSubstr(R"("time":"2024-01-02T08:34:05+05:30")"));
  }
  const InTimeZone newfoundland("NST3:30");
  EXPECT_THAT(Json(""), HasSubstr(R"("time":"2024-01-01T23:34:05-03:30")"));
}

TEST(JsonRecord, Levels) {
  const std::pair<LogLevel, const char*> cases[] = {{LogLevel::kTrace, "trace"}, {LogLevel::kDebug, "debug"},
                                                    {LogLevel::kInfo, "info"},   {LogLevel::kWarn, "warn"},
                                                    {LogLevel::kError, "error"}, {LogLevel::kFatal, "fatal"}};
  for (const auto& [level, name] : cases) {
    EXPECT_THAT(JsonRecord(level, "", {}, kTime), HasSubstr(std::string("{\"level\":\"") + name + "\","));
  }
}

TEST(JsonRecord, EscapesAndReplaces) {
  using std::string_literals::operator""s;
  EXPECT_THAT(Json("\"quoted\" \\ \n\r\t\x01\0."s), HasSubstr(R"("message":"\"quoted\" \\ \n\r\t\u0001\u0000.")"));
  EXPECT_THAT(Json("é€"), HasSubstr("\"message\":\"é€\""));
  EXPECT_THAT(Json("a\xFFz\xC3"), HasSubstr("\"message\":\"a\uFFFDz\uFFFD\""));
  EXPECT_THAT(Json("", {{"na\"me", "\n"}}), HasSubstr(R"("na\"me":"\n")"));
}

TEST(JsonRecord, LongTextsAreCut) {
  const std::string text(kMaxLogTextBytes, 'x');
  EXPECT_THAT(Json(text), HasSubstr("\"" + text + "\""));
  EXPECT_THAT(Json(text + "yy"), HasSubstr("\"" + text + "…\""));
}

TEST(ReadableRecord, CannotSteerTheTerminal) {
  const InTimeZone utc("UTC0");
  const std::vector<LogField> fields{{"address", "a b"}, {"x", "\x1b[2J"}};
  EXPECT_EQ(ReadableRecord(LogLevel::kWarn, "some thing", fields, kTime, false),
            "2024-01-02T03:04:05Z WARN  some thing address=\"a b\" x=\"\\x1b[2J\"");
  EXPECT_EQ(ReadableRecord(LogLevel::kError, "bad \x1b[2J", {}, kTime, true),
            "2024-01-02T03:04:05Z \x1b[31mERROR\x1b[0m \"bad \\x1b[2J\"");
}

TEST(InstallLogging, WritesWholeLinesOfTheThresholdAndAbove) {
  testing::internal::CaptureStderr();
  InstallLogging(LogLevel::kWarn);
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kWarn));
  Log(LogLevel::kInfo, "unseen");
  Log(LogLevel::kWarn, "100% {seen}", {{"field", "{}"}});
  Log(LogLevel::kOff, "unseen");
  InstallLogging(LogLevel::kOff);
  Log(LogLevel::kFatal, "unseen");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              MatchesRegex("\\{\"level\":\"warn\",\"field\":\"\\{\\}\",\"time\":\"[^\"]*\","
                           "\"message\":\"100% \\{seen\\}\"\\}\n"));
}

TEST(Version, IsTheBuildsOwn) {
  EXPECT_FALSE(Version().empty());
}

}  // namespace
}  // namespace orc
