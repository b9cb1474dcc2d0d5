// The `check` command: a preflight. It looks at everything that serving needs, with the code that serving uses, and
// changes nothing: settings, channel file, certificates, clock, store and ports. One line each on the output: `fine`,
// `warning` (it will serve, but somebody should know) or `wrong`, with what to do.
//
// Functions are for the start of the program, before other threads: they install a log sink. Not thread-safe.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "server/exit_code.h"
#include "server/settings.h"

namespace orc {

// Checks all parts, each for itself; the code of the first that is wrong, kDone when none is.
ExitCode Check(const Settings& settings, std::ostream& out);

// The same when the settings cannot even be read: prints what is wrong with them.
ExitCode ReportSettings(const std::vector<std::string>& errors, std::ostream& out);

}  // namespace orc
