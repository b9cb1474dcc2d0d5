// Text in error messages and in the rules on its length. Pure functions, thread-safe, never fail.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orc {

// `text` in double quotes as error texts show it (behaviour.md section 0): `"` and `\` escaped by a backslash,
// control characters as \a \b \f \n \r \t \v or \xNN, characters that are not printable as \uNNNN or \UNNNNNNNN,
// other printable characters kept.
std::string Quote(std::string_view text);

// The number of characters (code points) of `text`, which is UTF-8 as all text of protobuf messages.
size_t CountCharacters(std::string_view text);

}  // namespace orc
