// The address of a database, as libpq takes it. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "domain/error.h"

namespace orc::postgres {

// Adds one parameter to an address in key=value form.
void AppendParameter(std::string& target, std::string_view keyword, std::string_view value);

// `target`, a URL or in key=value form, in key=value form and with the store's defaults for what it does not say.
// kBadRequest when it is not understood, or a parameter has a value that no connection could ever be made with: port,
// sslmode and target_session_attrs. The text shows no value, since any part of a garbled URL may be the password.
Result<std::string> CompleteTarget(const std::string& target);

}  // namespace orc::postgres
