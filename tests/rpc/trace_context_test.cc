#include "rpc/trace_context.h"

#include <gtest/gtest.h>

namespace orc {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kSpan = "00f067aa0ba902b7";

std::string Header(const std::string& version, const std::string& trace, const std::string& span,
                   const std::string& rest) {
  return version + "-" + trace + "-" + span + "-" + rest;
}

TEST(ParseTraceparent, TakesTheIds) {
  for (const std::string& header :
       {Header("00", kTrace, kSpan, "01"), Header("00", kTrace, kSpan, "ff"), Header("cc", kTrace, kSpan, "01"),
        Header("cc", kTrace, kSpan, "01-what-comes-later")}) {
    const TraceContext context = ParseTraceparent(header);
    EXPECT_EQ(context.trace_id, kTrace) << header;
    EXPECT_EQ(context.span_id, kSpan) << header;
  }
}

TEST(ParseTraceparent, WhatIsNotValidCountsAsNone) {
  const std::string trace = kTrace;
  const std::string span = kSpan;
  for (const std::string& header : {
           std::string(),
           Header("00", trace, span, ""),
           Header("00", trace, span, "0"),
           Header("00", trace, span, "0x"),
           Header("00", trace, span, "01-more"),
           Header("cc", trace, span, "01.more"),
           Header("ff", trace, span, "01"),
           Header("0X", trace, span, "01"),
           Header("00", std::string(32, '0'), span, "01"),
           Header("00", trace, std::string(16, '0'), "01"),
           Header("00", "4BF92F3577B34DA6A3CE929D0E0E4736", span, "01"),
           Header("00", trace.substr(1), span + "a", "01"),
           Header("00", trace.substr(1) + "\n", span, "01"),
           Header("00", trace, span, "01").replace(2, 1, "_"),
           Header("00", trace, span, "01").replace(35, 1, "_"),
           Header("00", trace, span, "01").replace(52, 1, "_"),
       }) {
    EXPECT_EQ(ParseTraceparent(header).trace_id, "") << header;
    EXPECT_EQ(ParseTraceparent(header).span_id, "") << header;
  }
}

TEST(CallLabels, AreFoundInTheMetadata) {
  const std::string header = Header("00", kTrace, kSpan, "01");
  const CallLabels traced(Metadata{{"reqid", "mine"}, {"traceparent", header}});
  const std::vector<LogField> wanted = {
      {"requestID", "mine"}, {"trace_id", kTrace}, {"span_id", kSpan}, {"more", "field"}};
  EXPECT_EQ(traced.Fields({{"more", "field"}}), wanted);

  const CallLabels twice(Metadata{{"reqid", "mine"}, {"traceparent", header}, {"traceparent", header}});
  EXPECT_EQ(twice.Fields({}), (std::vector<LogField>{{"requestID", "mine"}}));
  EXPECT_EQ(CallLabels(Metadata{}).request_id.size(), 8U);
}

}  // namespace
}  // namespace orc
