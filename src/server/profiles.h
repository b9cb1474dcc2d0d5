// Profiles of this process in the forms that `pprof` and `jeprof` read: of the processor by gperftools, which measures
// nothing while no profile is being taken; of the memory by jemalloc, if it takes samples. Thread-safe.
#pragma once

#include "server/http_port.h"

namespace orc {

inline constexpr int kMaxProfileSeconds = 60;

// Where the processors' time goes, sampled 100 times per second of it, during the parameter `seconds` (10 by default);
// cut short when the port is being closed. 400: not a number from 1 to kMaxProfileSeconds; 409: one is being taken.
HttpAnswer CpuProfile(const HttpRequest& request);

// Where the memory in use was taken, by sampling. 501 unless the allocator is jemalloc and was told at the start of the
// process to take samples, which costs a little all the time; the text says how.
HttpAnswer HeapProfile();

}  // namespace orc
