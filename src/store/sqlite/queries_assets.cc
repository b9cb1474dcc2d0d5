#include "base/distinct.h"
#include "store/sqlite/encoding.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/paging.h"
#include "store/sqlite/queries.h"

namespace orc::sqlite {
namespace {

AssetRow ReadAsset(const Use& use, const AssetTable& table) {
  AssetRow row{table.kind, use.Int(0), use.Bytes(1), {}, {}, use.Bytes(2)};
  if (table.has_group) row.group = use.Bytes(3);
  if (table.has_label) row.label = use.Bytes(4);
  return row;
}

}  // namespace

std::vector<AssetRow> Queries::FindAssets(orchestrator::AssetKind kind, std::span<const std::string> keys) {
  const AssetTable& table = TableOf(kind);
  std::vector<AssetRow> rows;
  rows.reserve(keys.size());
  for (const std::string_view key : Distinct<std::string_view>(keys)) {
    Use use(connection_, table.find);
    use.Bind(1, key);
    if (use.Step()) rows.push_back(ReadAsset(use, table));
  }
  return rows;
}

std::vector<AssetRow> Queries::ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter, const Page& page) {
  const AssetTable& table = TableOf(kind);
  if (!CanMatch(table, filter)) return {};
  List list{{table.table, table.columns, "ord"}};
  Choose(table, filter, list);
  if (!list.lead.empty()) list.index = std::string(table.table) + "_" + std::string(list.lead);
  ListReader reader(connection_, list, page);
  return ReadPage(reader, page, [&table](const Use& use) { return ReadAsset(use, table); });
}

std::vector<AssetRow> Queries::ListPlanFunctions(const Key& plan, const Page& page) {
  List list{{"plan_functions", "function_ord", "function_ord"}};
  list.conditions.push_back({"plan", plan});
  ListReader reader(connection_, list, page);
  const std::vector<int64_t> orders = ReadPage(reader, page, [](const Use& use) { return use.Int(0); });
  const AssetTable& table = TableOf(orchestrator::ASSET_FUNCTION);
  std::vector<AssetRow> rows;
  int64_t bytes = 0;
  for (const int64_t order : orders) {
    if (bytes >= page.max_bytes) break;
    Use use(connection_, "SELECT ord, key, body FROM functions WHERE ord=?1");
    use.Bind(1, order);
    if (!use.Step()) throw Damaged("a function of a plan is missing");
    rows.push_back(ReadAsset(use, table));
    bytes += BodyBytes(rows.back());
  }
  return rows;
}

std::vector<Key> Queries::ListManagerSamples(const Key& manager) {
  Use use(connection_, "SELECT sample FROM manager_samples WHERE manager=?1 ORDER BY sample_ord");
  use.Bind(1, manager);
  std::vector<Key> samples;
  while (use.Step()) samples.push_back(use.AsKey(0));
  return samples;
}

}  // namespace orc::sqlite
