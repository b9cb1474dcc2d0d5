// What counts as a URL (behaviour.md 3.4 and 3.5). Pure functions, linear in the text, thread-safe.
#pragma once

#include <string_view>

namespace orc {

// The rule for storage addresses.
bool IsUrl(std::string_view text);

// The rule for organization addresses.
bool IsRequestUrl(std::string_view text);

}  // namespace orc
