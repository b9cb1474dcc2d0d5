#include "base/distinct.h"
#include "store/postgres/encoding.h"
#include "store/postgres/failure.h"
#include "store/postgres/list_sql.h"
#include "store/postgres/queries.h"

namespace orc::postgres {
namespace {

AssetRow ReadAsset(const Rows& rows, int row, const AssetTable& table) {
  AssetRow asset{table.kind, rows.Int(row, 0), rows.Bytes(row, 1), {}, {}, rows.Bytes(row, 2)};
  if (table.has_group) asset.group = rows.Bytes(row, 3);
  if (table.has_label) asset.label = rows.Bytes(row, 4);
  return asset;
}

std::vector<AssetRow> ReadAssets(const Rows& rows, const AssetTable& table) {
  std::vector<AssetRow> assets;
  assets.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) assets.push_back(ReadAsset(rows, row, table));
  return assets;
}

}  // namespace

Rows Session::Ask(std::string_view sql, const Parameters& parameters) {
  if (!begun_) {
    connection_.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    connection_.LimitStatements(MillisecondsUntil(deadline_, std::numeric_limits<int32_t>::max()));
  }
  begun_ = true;
  return connection_.Ask(sql, parameters);
}

const Head& Session::head() {
  if (!head_) {
    const Rows rows = Ask("SELECT position, timestamp_us FROM orchestrator.heads WHERE channel=$1::bigint",
                          Parameters().Int(channel_));
    if (rows.empty()) throw Damaged("the head is missing");
    head_ = Head{rows.Int(0, 0), rows.Int(0, 1)};
  }
  return *head_;
}

Rows Queries::AskList(const List& list, const Page& page, int64_t low, int64_t high) {
  return session_.Ask(ListSql(list, page.descending), ListParameters(list, session_.channel(), page, low, high));
}

std::vector<AssetRow> Queries::FindAssets(orchestrator::AssetKind kind, std::span<const std::string> keys) {
  const AssetTable& table = TableOf(kind);
  Array wanted = Array::Bytes();
  for (const std::string_view key : Distinct<std::string_view>(keys)) wanted.Add(key);
  return ReadAssets(session_.Ask(table.find, Parameters().Int(session_.channel()).Add(wanted)), table);
}

std::vector<AssetRow> Queries::ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter, const Page& page) {
  const AssetTable& table = TableOf(kind);
  if (!CanMatch(table, filter)) return {};
  List list{{table.name, table.columns, "ord"}};
  Choose(table, filter, list);
  return ReadAssets(AskList(list, page), table);
}

std::vector<AssetRow> Queries::ListPlanFunctions(const Key& plan, const Page& page) {
  List list{{"orchestrator.plan_functions", "function_ord", "function_ord"},
            "CROSS JOIN LATERAL (SELECT key, body FROM orchestrator.functions "
            "WHERE channel=$1 AND ord=page.function_ord OFFSET 0) AS functions",
            "key, body"};
  list.conditions.push_back({"plan", plan});
  return ReadAssets(AskList(list, page), TableOf(orchestrator::ASSET_FUNCTION));
}

std::vector<Key> Queries::ListManagerSamples(const Key& manager) {
  const Rows rows = session_.Ask(
      "SELECT sample FROM orchestrator.manager_samples WHERE channel=$1::bigint AND manager=$2 ORDER BY sample_ord",
      Parameters().Int(session_.channel()).AsKey(manager));
  std::vector<Key> samples;
  for (int row = 0; row < rows.size(); ++row) samples.push_back(rows.AsKey(row, 0));
  return samples;
}

}  // namespace orc::postgres
