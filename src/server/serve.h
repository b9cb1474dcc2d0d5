// The `serve` command: builds the server from its parts, runs it until SIGTERM or SIGINT, and takes it down again.
#pragma once

#include "server/exit_code.h"
#include "server/settings.h"

namespace orc {

// Keeps SIGTERM and SIGINT from all threads that are started from now on, for Serve to wait for; ignores the signals
// by which the system reports broken pipes and full files. To be called before any thread is started.
void PrepareSignals();

// Serves until a signal ends it, then gives running calls `shutdown_grace` and returns kDone (decisions.md D24): health
// is NOT_SERVING and streams have ended with UNAVAILABLE before that. Another code: it can't start; the log says why. A
// second signal ends the process at once, which loses nothing that was acknowledged. Requires PrepareSignals.
//
// A database that cannot be used yet does not stop the start: the server is not ready, and its calls are UNAVAILABLE,
// until it can be.
ExitCode Serve(const Settings& settings);

// The `migrate` command: brings the database's schema up to date. kStore: it is not, and the log says why.
ExitCode Migrate(const Settings& settings);

}  // namespace orc
