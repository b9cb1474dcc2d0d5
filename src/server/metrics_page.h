// The metrics page: every metric of the server with its name, labels and help text, in one place, in the text form of
// Prometheus. The numbers are kept by the rooms they are about (base/metrics.h) and read when the page is asked for.
// What each means: docs/operate/monitoring.md. Thread-safe.
#pragma once

#include <string>

#include "rpc/channel_file.h"
#include "rpc/health_service.h"
#include "rpc/hub.h"
#include "rpc/services/event_service.h"
#include "server/tls_files.h"

namespace orc {

// They outlive whoever holds this.
struct MetricSources {
  const CallMetrics& calls;
  Hub& hub;
  EventRpc& events;
  const HealthService& health;
  const ChannelFile& channel_file;
  const TlsFiles& tls_files;
};

std::string MetricsPage(const MetricSources& sources);

}  // namespace orc
