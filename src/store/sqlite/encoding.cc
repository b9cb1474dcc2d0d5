#include "store/sqlite/encoding.h"

#include "event.pb.h"
#include "store/sqlite/failure.h"

namespace orc::sqlite {
namespace {

AssetTable MakeTable(const AssetColumns& asset) {
  const auto& [kind, table, has_group, has_label] = asset;
  const std::string name(table);
  const std::string extra = std::string(has_group ? ", grp" : "") + (has_label ? ", label" : "");
  const std::string set = std::string(has_group ? ", grp=?3" : "") + (has_label ? ", label=?4" : "");
  const std::string places = std::string(has_group ? ", ?4" : "") + (has_label ? ", ?5" : "");
  AssetTable made{asset, {}, {}, {}, {}};
  made.columns = "ord, key, body" + extra;
  made.find = "SELECT " + made.columns + " FROM " + name + " WHERE key=?1";
  made.insert = "INSERT INTO " + name + " (" + made.columns + ") VALUES (?1, ?2, ?3" + places + ")";
  made.update = "UPDATE " + name + " SET body=?1" + set + " WHERE key=?2";
  return made;
}

}  // namespace

const AssetTable& TableOf(orchestrator::AssetKind kind) {
  static const std::vector<AssetTable> tables = MakeTables(&MakeTable);
  return TableOfKind(tables, kind);
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
