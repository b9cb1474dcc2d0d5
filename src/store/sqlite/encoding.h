// How values of rows are kept in columns, where that is not plain. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite/connection.h"
#include "store/tables.h"

namespace orc::sqlite {

// The table of an asset kind. Columns: ord, key, then grp and label where the kind has them, then body.
struct AssetTable : AssetColumns {
  std::string columns;
  std::string find;    // parameter 1: key
  std::string insert;  // parameters: as the columns
  std::string update;  // parameters: body, key, then grp and label where the kind has them
};

// Aborts for a kind that AssetRow does not have.
const AssetTable& TableOf(orchestrator::AssetKind kind);

// Events keep the key of an asset as its 16 bytes when it is a canonical UUID (as nearly all are), else as text.
void BindAssetKey(Use& use, int parameter, const std::string& asset_key);
std::string AssetKeyAt(const Use& use, int column);

// The reason in a serialized Event. Throws Damaged.
std::string ReasonInEvent(const std::string& body);

}  // namespace orc::sqlite
