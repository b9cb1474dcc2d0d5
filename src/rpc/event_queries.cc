// Queries for events (behaviour.md 17.2).
#include "rpc/query_common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
// Bounds of google.protobuf.Timestamp; a client may send anything.
constexpr int64_t kMinSeconds = -62'135'596'800;
constexpr int64_t kMaxSeconds = 253'402'300'799;

// Microseconds, rounded up or down: events have no finer time.
int64_t ToMicros(const google::protobuf::Timestamp& time, bool up) {
  if (time.seconds() < kMinSeconds) return kMinSeconds * kMicrosPerSecond;
  if (time.seconds() > kMaxSeconds) return kMaxSeconds * kMicrosPerSecond;
  const int64_t nanos = time.nanos();
  int64_t micros = nanos / 1000;
  if (nanos % 1000 != 0) {
    if (up && nanos > 0) ++micros;
    if (!up && nanos < 0) --micros;
  }
  return time.seconds() * kMicrosPerSecond + micros;
}

// Whether any event can match; `reason` is the only metadata that events have.
bool ReadMetadata(const google::protobuf::Map<std::string, std::string>& wanted, EventFilter& filter) {
  for (const auto& [key, value] : wanted) {
    if (key != "reason" || value.empty()) return false;
    filter.reason = value;
  }
  return true;
}

}  // namespace

Result<void> Answer(const pb::QueryEventsParam& request, Snapshot& snapshot, pb::QueryEventsResponse& response) {
  ORC_ASSIGN(const Page page, ParsePage(request.page_token(), request.page_size(), request.sort() == pb::DESCENDING));
  const pb::EventQueryFilter& wanted = request.filter();
  EventFilter filter;
  if (!wanted.asset_key().empty()) filter.asset_key = wanted.asset_key();
  if (wanted.asset_kind() != 0) filter.asset_kind = wanted.asset_kind();
  if (wanted.event_kind() != 0) filter.event_kind = wanted.event_kind();
  if (wanted.has_start()) filter.start_us = ToMicros(wanted.start(), true);
  if (wanted.has_end()) filter.end_us = ToMicros(wanted.end(), false);
  if (!ReadMetadata(wanted.metadata(), filter)) return {};
  return ReadPage(
      page, *response.mutable_next_page_token(), [&](const Page& wider) { return snapshot.ListEvents(filter, wider); },
      [](const EventRow& row) { return row.position; },
      [](const EventRow& row) { return static_cast<int64_t>(row.body->size()); },
      [&](const EventRow& row) -> Result<void> {
        if (!response.add_events()->ParseFromString(*row.body)) return Unreadable("event", row.position);
        return {};
      });
}

}  // namespace orc
