#include "server/http_routes.h"

#include <nlohmann/json.hpp>

#include "server/profiles.h"
#include "server/version.h"

namespace orc {
namespace {

constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

HttpAnswer Readiness(const HealthService& health) {
  const std::string why_not = health.WhyNotReady();
  return why_not.empty() ? HttpAnswer{200, "ready\n"} : HttpAnswer{503, why_not + "\n"};
}

HttpAnswer VersionAnswer() {
  return {200, nlohmann::json{{"version", Version()}}.dump() + "\n", "application/json"};
}

}  // namespace

HttpPort::Handler MakeRoutes(const MetricSources& sources, RouteOptions options) {
  return [sources, options](const HttpRequest& request) -> HttpAnswer {
    const std::string& path = request.path;
    if (path == "/healthz") return {200, "alive\n"};
    if (path == "/readyz") return Readiness(sources.health);
    if (path == "/version") return VersionAnswer();
    if (path == "/metrics" && options.metrics) return {200, MetricsPage(sources), kMetricsType};
    if (path == "/debug/pprof/profile" && options.profiles) return CpuProfile(request);
    if (path == "/debug/pprof/heap" && options.profiles) return HeapProfile();
    return {404, "not found\n"};
  };
}

}  // namespace orc
