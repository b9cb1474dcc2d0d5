#include "store/postgres/encoding.h"

#include <array>

#include "domain/assert.h"

namespace orc::postgres {
namespace {

AssetTable MakeTable(orchestrator::AssetKind kind, const std::string& name, bool has_group, bool has_label) {
  const std::string extra = std::string(has_group ? ", grp" : "") + (has_label ? ", label" : "");
  const std::string set = std::string(has_group ? ", grp=row.grp" : "") + (has_label ? ", label=row.label" : "");
  const std::string more = std::string(has_group ? ", $5::bytea[]" : "") + (has_label ? ", $6::bytea[]" : "");
  const std::string fewer = std::string(has_group ? ", $4::bytea[]" : "") + (has_label ? ", $5::bytea[]" : "");
  const std::string table = "orchestrator." + name;
  AssetTable made{kind, has_group, has_label, table, "ord, key, body" + extra, {}, {}, {}};
  made.find = "SELECT " + made.columns + " FROM " + table + " WHERE channel=$1::bigint AND key=ANY($2::bytea[])";
  made.insert = "INSERT INTO " + table + " (channel, " + made.columns +
                ") SELECT $1::bigint, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[]" + more + ")";
  made.update = "UPDATE " + table + " AS stored SET body=row.body" + set + " FROM unnest($2::bytea[], $3::bytea[]" +
                fewer + ") AS row (key, body" + extra + ") WHERE stored.channel=$1::bigint AND stored.key=row.key";
  return made;
}

}  // namespace

const AssetTable& TableOf(orchestrator::AssetKind kind) {
  static const std::array tables = {
      MakeTable(orchestrator::ASSET_ORGANIZATION, "organizations", false, false),
      MakeTable(orchestrator::ASSET_FUNCTION, "functions", false, false),
      MakeTable(orchestrator::ASSET_DATA_MANAGER, "data_managers", false, false),
      MakeTable(orchestrator::ASSET_DATA_SAMPLE, "data_samples", false, false),
      MakeTable(orchestrator::ASSET_COMPUTE_PLAN, "compute_plans", true, false),
      MakeTable(orchestrator::ASSET_MODEL, "models", true, false),
      MakeTable(orchestrator::ASSET_PERFORMANCE, "performances", true, true),
      MakeTable(orchestrator::ASSET_FAILURE_REPORT, "failure_reports", false, false),
  };
  for (const AssetTable& table : tables) {
    if (table.kind == kind) return table;
  }
  ORC_ASSERT(!"the kind has rows of its own");
  std::abort();
}

}  // namespace orc::postgres
