// The part of the `check` command that looks at the store. Reads only.
#pragma once

#include "server/check_report.h"
#include "server/settings.h"

namespace orc {

void CheckStore(const Settings& settings, CheckReport& report);

}  // namespace orc
