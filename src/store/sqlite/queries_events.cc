#include <algorithm>

#include "domain/event_id.h"
#include "store/event_hashes.h"
#include "store/sqlite/encoding.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/paging.h"
#include "store/sqlite/queries.h"

namespace orc::sqlite {
namespace {

constexpr std::string_view kColumns =
    "position, id, asset_kind, event_kind, asset_key, timestamp_us, body, reason_hash IS NOT NULL";
constexpr int kBodyColumn = 6;
constexpr int kHasReasonColumn = 7;

EventRow ReadEvent(const Use& use) {
  const int32_t asset_kind = use.Int32(2);
  const int32_t event_kind = use.Int32(3);
  if (!orchestrator::AssetKind_IsValid(asset_kind) || !orchestrator::EventKind_IsValid(event_kind)) {
    throw Damaged("an event has an unknown kind");
  }
  EventRow row{use.Int(0),
               use.AsKey(1).ToString(),
               static_cast<orchestrator::AssetKind>(asset_kind),
               static_cast<orchestrator::EventKind>(event_kind),
               AssetKeyAt(use, 4),
               use.Int(5),
               {},
               std::make_shared<const std::string>(use.Bytes(kBodyColumn))};
  if (use.Int(kHasReasonColumn) != 0) row.reason = ReasonInEvent(*row.body);
  return row;
}

void AddChecks(const EventFilter& filter, List& list) {
  if (filter.reason) list.checks.push_back({"reason_hash", ReasonHash(*filter.reason)});
  if (filter.asset_kind) list.checks.push_back({"asset_kind", int64_t{*filter.asset_kind}});
  if (filter.event_kind) list.checks.push_back({"event_kind", int64_t{*filter.event_kind}});
}

// The index of the filter that leaves the fewest rows. Hashes may be those of other keys and reasons: Matches decides.
List EventList(const EventFilter& filter) {
  List list{{"events", kColumns, "position"}};
  if (!filter.asset_key && !filter.reason && (filter.asset_kind || filter.event_kind)) {
    list.index = "events_kind";
    list.AddColumn("asset_kind", filter.asset_kind, AssetKinds());
    list.AddColumn("event_kind", filter.event_kind, EventKinds());
    return list;
  }
  if (filter.asset_key) {
    list.table = "event_keys CROSS JOIN events USING (position)";
    list.conditions.push_back({"key_hash", AssetKeyHash(*filter.asset_key)});
  } else if (filter.reason) {
    list.index = "events_reason";
  }
  AddChecks(filter, list);
  return list;
}

// The events of an asset in the order of `page`: those whose keys are in the tables, and those whose keys are not yet.
class AssetEventReader {
 public:
  // Strictly between `low` and `high`, as well as within the page.
  AssetEventReader(Connection& connection, const EventFilter& filter, const Page& page, const Seen& seen, int64_t low,
                   int64_t high)
      : connection_(connection),
        descending_(page.descending),
        stored_(connection, EventList(filter), page, low, std::min(high, seen.keyed.position + 1)) {
    AddChecks(filter, recent_);
    if (page.after != 0 && descending_) high = std::min(high, page.after);
    if (page.after != 0 && !descending_) low = std::max(low, page.after);
    positions_ = seen.keys.FindEvents(AssetKeyHash(*filter.asset_key), std::max(low, seen.keyed.position), high);
    if (descending_) std::reverse(positions_.begin(), positions_.end());
  }

  bool Step() { return descending_ ? StepRecent() || StepStored() : StepStored() || StepRecent(); }
  const Use& row() const { return row_->row(); }

 private:
  bool StepStored() {
    if (stored_ended_) return false;
    row_ = &stored_;
    stored_ended_ = !stored_.Step();
    return !stored_ended_;
  }
  bool StepRecent() {
    while (next_ < positions_.size()) {
      recent_.conditions = {{"position", positions_[next_++]}};
      one_.emplace(connection_, recent_, Page{});
      row_ = &*one_;
      if (one_->Step()) return true;
    }
    return false;
  }

  Connection& connection_;
  bool descending_;
  ListReader stored_;
  bool stored_ended_ = false;
  List recent_{{"events", kColumns, "position"}};
  std::vector<int64_t> positions_;
  size_t next_ = 0;
  std::optional<ListReader> one_;
  const ListReader* row_ = nullptr;
};

bool Matches(const EventFilter& filter, const Use& use) {
  return (!filter.asset_key || AssetKeyAt(use, 4) == *filter.asset_key) &&
         (!filter.reason || ReasonInEvent(use.Bytes(kBodyColumn)) == *filter.reason);
}

}  // namespace

std::vector<EventRow> Queries::ListEvents(const EventFilter& filter, const Page& page) {
  const int64_t first = filter.start_us ? FirstPositionAt(*filter.start_us) : 1;
  const bool has_end = filter.end_us && *filter.end_us < seen_.head.timestamp_us;
  const int64_t end = has_end ? FirstPositionAt(*filter.end_us + 1) : seen_.head.position + 1;
  const auto accept = [&filter](const Use& use) { return Matches(filter, use); };
  if (filter.asset_key) {
    AssetEventReader reader(connection_, filter, page, seen_, first - 1, end);
    return ReadPage(reader, page, accept, ReadEvent);
  }
  ListReader reader(connection_, EventList(filter), page, first - 1, end);
  return ReadPage(reader, page, accept, ReadEvent);
}

std::vector<EventRow> Queries::EventsAfter(int64_t position, int32_t limit, int64_t max_bytes) {
  ORC_ASSERT(limit >= 1);
  Use use(connection_, "SELECT position, body FROM events WHERE position>?1 ORDER BY position");
  use.Bind(1, position);
  std::vector<EventRow> rows;
  int64_t bytes = 0;
  while (static_cast<int64_t>(rows.size()) < limit && (rows.empty() || bytes < max_bytes) && use.Step()) {
    EventRow& row = rows.emplace_back();
    row.position = use.Int(0);
    row.body = std::make_shared<const std::string>(use.Bytes(1));
    bytes += static_cast<int64_t>(row.body->size());
  }
  return rows;
}

std::optional<int64_t> Queries::FindEvent(std::string_view id) {
  const std::optional<int64_t> position = PositionInEventId(id);
  const std::optional<Key> wanted = Key::FromCanonical(id);
  if (!position || !wanted) return std::nullopt;
  Use use(connection_, "SELECT id FROM events WHERE position=?1");
  use.Bind(1, *position);
  if (!use.Step() || use.AsKey(0) != *wanted) return std::nullopt;
  return position;
}

int64_t Queries::FirstPositionAt(int64_t timestamp_us) {
  // Positions have no gaps and timestamps never decrease along them: no index of timestamps is needed.
  int64_t low = 1;
  int64_t high = seen_.head.position + 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    Use use(connection_, "SELECT timestamp_us FROM events WHERE position=?1");
    use.Bind(1, middle);
    if (!use.Step()) throw Damaged("a position has no event");
    if (use.Int(0) < timestamp_us) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace orc::sqlite
