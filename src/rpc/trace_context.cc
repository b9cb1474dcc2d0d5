#include "rpc/trace_context.h"

#include <algorithm>

namespace orc {
namespace {

constexpr size_t kVersionChars = 2;
constexpr size_t kTraceChars = 32;
constexpr size_t kSpanChars = 16;
constexpr size_t kFlagsChars = 2;
constexpr size_t kHeaderChars = kVersionChars + 1 + kTraceChars + 1 + kSpanChars + 1 + kFlagsChars;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(std::string_view text) {
  return IsHex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

TraceContext ParseTraceparent(std::string_view header) {
  if (header.size() < kHeaderChars) return {};
  const std::string_view version = header.substr(0, kVersionChars);
  const std::string_view trace = header.substr(kVersionChars + 1, kTraceChars);
  const std::string_view span = header.substr(kVersionChars + 1 + kTraceChars + 1, kSpanChars);
  const std::string_view flags = header.substr(kHeaderChars - kFlagsChars, kFlagsChars);
  const bool dashes = header[kVersionChars] == '-' && header[kVersionChars + 1 + kTraceChars] == '-' &&
                      header[kHeaderChars - kFlagsChars - 1] == '-';
  const bool ends = header.size() == kHeaderChars || (version != "00" && header[kHeaderChars] == '-');
  if (!dashes || !ends || !IsHex(version) || version == "ff" || !IsHex(flags)) return {};
  if (!IsId(trace) || !IsId(span)) return {};
  return {std::string(trace), std::string(span)};
}

CallLabels::CallLabels(const Metadata& metadata) : request_id(RequestId(metadata)) {
  const auto [first, last] = metadata.equal_range("traceparent");
  if (first == last || std::next(first) != last) return;
  trace = ParseTraceparent({first->second.data(), first->second.size()});
}

std::vector<LogField> CallLabels::Fields(std::initializer_list<LogField> more) const {
  std::vector<LogField> fields{{"requestID", request_id}};
  if (!trace.trace_id.empty()) {
    fields.emplace_back("trace_id", trace.trace_id);
    fields.emplace_back("span_id", trace.span_id);
  }
  fields.insert(fields.end(), more);
  return fields;
}

}  // namespace orc
