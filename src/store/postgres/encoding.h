// How values of rows are kept in columns, where that is not plain. Pure functions, thread-safe.
#pragma once

#include <string>

#include "store/tables.h"

namespace orc::postgres {

// The table of an asset kind. Columns: ord, key, body, then grp and label where the kind has them.
struct AssetTable : AssetColumns {
  std::string name;  // with the schema
  std::string columns;
  std::string find;    // parameters: channel, keys
  std::string insert;  // parameters: channel, then one array per column
  std::string update;  // parameters: channel, then the arrays key, body and, where the kind has them, grp and label
};

// Aborts for a kind that AssetRow does not have.
const AssetTable& TableOf(orchestrator::AssetKind kind);

}  // namespace orc::postgres
