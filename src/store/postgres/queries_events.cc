#include "domain/assert.h"
#include "domain/event_id.h"
#include "store/event_hashes.h"
#include "store/postgres/failure.h"
#include "store/postgres/list_sql.h"
#include "store/postgres/queries.h"

namespace orc::postgres {
namespace {

EventRow ReadEvent(const Rows& rows, int row) {
  const int32_t asset_kind = rows.Int32(row, 2);
  const int32_t event_kind = rows.Int32(row, 3);
  if (!orchestrator::AssetKind_IsValid(asset_kind) || !orchestrator::EventKind_IsValid(event_kind)) {
    throw Damaged("an event has an unknown kind");
  }
  return EventRow{rows.Int(row, 0),
                  rows.AsKey(row, 1).ToString(),
                  static_cast<orchestrator::AssetKind>(asset_kind),
                  static_cast<orchestrator::EventKind>(event_kind),
                  rows.Bytes(row, 4),
                  rows.Int(row, 5),
                  rows.IsNull(row, 6) ? std::string() : rows.Bytes(row, 6),
                  std::make_shared<const std::string>(rows.View(row, 7))};
}

List EventList(const EventFilter& filter) {
  List list{{"orchestrator.events", "position, id, asset_kind, event_kind, asset_key, timestamp_us, reason, body",
             "position"}};
  if (filter.asset_key) {
    // An asset has few events: the other filters need no index.
    list.conditions.push_back({"key_hash", AssetKeyHash(*filter.asset_key)});
    list.checks.push_back({"asset_key", *filter.asset_key});
    if (filter.asset_kind) list.checks.push_back({"asset_kind", int64_t{*filter.asset_kind}});
    if (filter.event_kind) list.checks.push_back({"event_kind", int64_t{*filter.event_kind}});
  } else if (filter.reason || filter.asset_kind || filter.event_kind) {
    if (filter.reason) list.conditions.push_back({"reason_hash", ReasonHash(*filter.reason)});
    list.AddColumn("asset_kind", filter.asset_kind, AssetKinds());
    list.AddColumn("event_kind", filter.event_kind, EventKinds());
  }
  if (filter.reason) list.checks.push_back({"reason", *filter.reason});
  return list;
}

}  // namespace

std::vector<EventRow> Queries::ListEvents(const EventFilter& filter, const Page& page) {
  const int64_t first = filter.start_us ? FirstPositionAt(*filter.start_us) : 1;
  const bool has_end = filter.end_us && *filter.end_us < session_.head().timestamp_us;
  const int64_t end = has_end ? FirstPositionAt(*filter.end_us + 1) : INT64_MAX;
  const Rows rows = AskList(EventList(filter), page, first - 1, end);
  std::vector<EventRow> events;
  events.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) events.push_back(ReadEvent(rows, row));
  return events;
}

std::vector<EventRow> Queries::EventsAfter(int64_t position, int32_t limit, int64_t max_bytes) {
  ORC_ASSERT(limit >= 1);
  const Rows rows = session_.Ask(
      "SELECT position, body FROM (SELECT position, body, sum(octet_length(body)) OVER (ORDER BY position) - "
      "octet_length(body) AS bytes_before FROM (SELECT position, body FROM orchestrator.events "
      "WHERE channel=$1::bigint AND position>$2 ORDER BY position LIMIT $3) AS page) AS sized "
      "WHERE bytes_before<$4 OR bytes_before=0 ORDER BY position",
      Parameters().Int(session_.channel()).Int(position).Int(limit).Int(max_bytes));
  std::vector<EventRow> events;
  for (int row = 0; row < rows.size(); ++row) {
    EventRow& event = events.emplace_back();
    event.position = rows.Int(row, 0);
    event.body = std::make_shared<const std::string>(rows.View(row, 1));
  }
  return events;
}

std::optional<int64_t> Queries::FindEvent(std::string_view id) {
  const std::optional<int64_t> position = PositionInEventId(id);
  const std::optional<Key> wanted = Key::FromCanonical(id);
  if (!position || !wanted) return std::nullopt;
  const Rows rows = session_.Ask("SELECT 1 FROM orchestrator.events WHERE channel=$1::bigint AND position=$2 AND id=$3",
                                 Parameters().Int(session_.channel()).Int(*position).AsKey(*wanted));
  return rows.empty() ? std::nullopt : position;
}

int64_t Queries::FirstPositionAt(int64_t timestamp_us) {
  // Positions have no gaps and timestamps never decrease along them: no index of timestamps is needed. The database
  // halves the range by itself, in one round trip.
  const Rows rows = session_.Ask(
      "WITH RECURSIVE search (low, high) AS (SELECT 1::bigint, $2::bigint UNION ALL "
      "SELECT CASE WHEN timestamp_us<$3 THEN (low+high)/2+1 ELSE low END, "
      "CASE WHEN timestamp_us<$3 THEN high ELSE (low+high)/2 END FROM search JOIN orchestrator.events "
      "ON channel=$1::bigint AND position=(low+high)/2 WHERE low<high) "
      "SELECT low FROM search WHERE low>=high",
      Parameters().Int(session_.channel()).Int(session_.head().position + 1).Int(timestamp_us));
  if (rows.empty()) throw Damaged("a position has no event");
  return rows.Int(0, 0);
}

}  // namespace orc::postgres
