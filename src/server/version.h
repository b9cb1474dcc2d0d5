// The version of this build, as InfoService/QueryVersion answers it (behaviour.md section 16). Thread-safe.
#pragma once

#include <string_view>

namespace orc {

std::string_view Version();

}  // namespace orc
