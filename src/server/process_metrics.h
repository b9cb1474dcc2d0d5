// What the system knows about this process, as the families `process_*` of Prometheus (deployment.md 2.8). Thread-safe.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace orc {

// As it is now. What the system does not tell is left out.
std::vector<prometheus::MetricFamily> ProcessFamilies();

}  // namespace orc
