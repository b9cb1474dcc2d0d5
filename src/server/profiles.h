// Profiles of this process in the form that the tool `pprof` reads, by gperftools. Nothing is measured, and nothing
// costs, while no profile is being taken. Thread-safe.
#pragma once

#include "server/http_port.h"

namespace orc {

inline constexpr int kMaxProfileSeconds = 60;

// Where the processors' time goes, sampled 100 times per second of it, during the parameter `seconds` (10 by default);
// cut short when the port is being closed. 400: not a number from 1 to kMaxProfileSeconds; 409: one is being taken.
HttpAnswer CpuProfile(const HttpRequest& request);

// Where the memory in use was taken, by sampling. 501 unless the process runs with tcmalloc, which keeps such samples
// when it is told to; the text says how. The program is not built with tcmalloc: it would replace the allocator for
// everybody.
HttpAnswer HeapProfile();

}  // namespace orc
