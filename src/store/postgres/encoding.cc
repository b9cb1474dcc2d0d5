#include "store/postgres/encoding.h"

namespace orc::postgres {
namespace {

AssetTable MakeTable(const AssetColumns& asset) {
  const auto& [kind, name, has_group, has_label] = asset;
  const std::string extra = std::string(has_group ? ", grp" : "") + (has_label ? ", label" : "");
  const std::string set =
      std::string(has_group ? ", grp=excluded.grp" : "") + (has_label ? ", label=excluded.label" : "");
  const std::string more = std::string(has_group ? ", $5::bytea[]" : "") + (has_label ? ", $6::bytea[]" : "");
  const std::string fewer = std::string(has_group ? ", $4::bytea[]" : "") + (has_label ? ", $5::bytea[]" : "");
  const std::string table = "orchestrator." + std::string(name);
  AssetTable made{asset, table, "ord, key, body" + extra, {}, {}, {}};
  // OFFSET 0: as in queries_tasks.cc.
  const auto look_up = [&](const std::string& columns) {
    return " CROSS JOIN LATERAL (SELECT " + columns + " FROM " + table +
           " WHERE channel=$1::bigint AND key=wanted.key OFFSET 0) AS found";
  };
  made.find = "SELECT found.* FROM unnest($2::bytea[]) AS wanted (key)" + look_up(made.columns);
  made.insert = "INSERT INTO " + table + " (channel, " + made.columns +
                ") SELECT $1::bigint, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[]" + more + ")";
  // An INSERT that always meets the row, as in changes.cc.
  made.update = "INSERT INTO " + table + " (channel, " + made.columns + ") SELECT $1::bigint, found.ord, wanted.* " +
                "FROM unnest($2::bytea[], $3::bytea[]" + fewer + ") AS wanted (key, body" + extra + ")" +
                look_up("ord") + " ON CONFLICT (channel, ord) DO UPDATE SET body=excluded.body" + set;
  return made;
}

}  // namespace

const AssetTable& TableOf(orchestrator::AssetKind kind) {
  static const std::vector<AssetTable> tables = MakeTables(&MakeTable);
  return TableOfKind(tables, kind);
}

}  // namespace orc::postgres
