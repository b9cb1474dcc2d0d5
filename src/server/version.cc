#include "server/version.h"

namespace orc {

std::string_view Version() {
  return ORC_VERSION;
}

}  // namespace orc
