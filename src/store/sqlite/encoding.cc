#include "store/sqlite/encoding.h"

#include <array>

#include "domain/assert.h"
#include "event.pb.h"
#include "store/sqlite/failure.h"

namespace orc::sqlite {
namespace {

AssetTable MakeTable(orchestrator::AssetKind kind, const std::string& name, bool has_group, bool has_label) {
  const std::string extra = std::string(has_group ? ", grp" : "") + (has_label ? ", label" : "");
  const std::string set = std::string(has_group ? ", grp=?3" : "") + (has_label ? ", label=?4" : "");
  const std::string places = std::string(has_group ? ", ?4" : "") + (has_label ? ", ?5" : "");
  AssetTable table{kind, has_group, has_label, name, {}, {}, {}, {}, {}, {}};
  table.columns = "ord, key, body" + extra;
  table.find = "SELECT " + table.columns + " FROM " + name + " WHERE key=?1";
  table.insert = "INSERT INTO " + name + " (" + table.columns + ") VALUES (?1, ?2, ?3" + places + ")";
  table.update = "UPDATE " + name + " SET body=?1" + set + " WHERE key=?2";
  if (has_group) table.group_index = name + "_grp";
  if (has_label) table.label_index = name + "_label";
  return table;
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

void BindAssetKey(Use& use, int parameter, const std::string& asset_key) {
  if (const std::optional<Key> key = Key::FromCanonical(asset_key)) {
    use.BindCopy(parameter, key->Raw());
  } else {
    use.BindText(parameter, asset_key);
  }
}

std::string AssetKeyAt(const Use& use, int column) {
  return use.IsText(column) ? use.Bytes(column) : use.AsKey(column).ToString();
}

std::string ReasonInEvent(const std::string& body) {
  orchestrator::Event event;
  if (!event.ParseFromString(body)) throw Damaged("an event's body is not an Event");
  const auto found = event.metadata().find("reason");
  return found == event.metadata().end() ? std::string() : found->second;
}

}  // namespace orc::sqlite
