// What the HTTP port answers (docs/operate/monitoring.md): probes, metrics, profiles, version. Thread-safe.
#pragma once

#include "server/http_port.h"
#include "server/metrics_page.h"

namespace orc {

struct RouteOptions {
  bool metrics = false;  // else /metrics is not there
  bool profiles = false;
};

// The sources outlive the handler.
HttpPort::Handler MakeRoutes(const MetricSources& sources, RouteOptions options);

}  // namespace orc
