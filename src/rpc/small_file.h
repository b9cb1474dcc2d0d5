// Reads configuration files whole and within a bound. Thread-safe.
#pragma once

#include <string>

#include "domain/error.h"

namespace orc {

// The bytes of the regular file at `path` (symbolic links are followed). Failure (kRefused): it can't be read, is not
// a regular file or is larger than `max_bytes`; the text is the reason and does not name the file.
Result<std::string> ReadSmallFile(const std::string& path, size_t max_bytes);

}  // namespace orc
