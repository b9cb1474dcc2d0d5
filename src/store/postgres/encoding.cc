#include "store/postgres/encoding.h"

namespace orc::postgres {
namespace {

AssetTable MakeTable(const AssetColumns& asset) {
  const auto& [kind, name, has_group, has_label] = asset;
  const std::string extra = std::string(has_group ? ", grp" : "") + (has_label ? ", label" : "");
  const std::string set = std::string(has_group ? ", grp=row.grp" : "") + (has_label ? ", label=row.label" : "");
  const std::string more = std::string(has_group ? ", $5::bytea[]" : "") + (has_label ? ", $6::bytea[]" : "");
  const std::string fewer = std::string(has_group ? ", $4::bytea[]" : "") + (has_label ? ", $5::bytea[]" : "");
  const std::string table = "orchestrator." + std::string(name);
  AssetTable made{asset, table, "ord, key, body" + extra, {}, {}, {}};
  made.find = "SELECT " + made.columns + " FROM " + table + " WHERE channel=$1::bigint AND key=ANY($2::bytea[])";
  made.insert = "INSERT INTO " + table + " (channel, " + made.columns +
                ") SELECT $1::bigint, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[]" + more + ")";
  made.update = "UPDATE " + table + " AS stored SET body=row.body" + set + " FROM unnest($2::bytea[], $3::bytea[]" +
                fewer + ") AS row (key, body" + extra + ") WHERE stored.channel=$1::bigint AND stored.key=row.key";
  return made;
}

}  // namespace

const AssetTable& TableOf(orchestrator::AssetKind kind) {
  static const std::vector<AssetTable> tables = MakeTables(&MakeTable);
  return TableOfKind(tables, kind);
}

}  // namespace orc::postgres
