// grpc.health.v1.Health (contract.md 3, deployment.md 2.10, decisions D9 and D25): service "" is liveness, SERVING
// until shutdown; service "readiness" is SERVING while the server can take writes. No identity is asked for.
//
// Check of another name: NOT_FOUND `unknown service`. Watch sends the status now and after every change (a watcher
// that reads slowly may miss one that was undone meanwhile); another name gets one SERVICE_UNKNOWN and stays open. At
// most `max_watchers` at a time, more get RESOURCE_EXHAUSTED. Thread-safe. Must outlive the gRPC server.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "rpc/call_metrics.h"
#include "rpc/stream.h"

namespace orc {

class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  explicit HealthService(CallMetrics& metrics, size_t max_watchers = 1'000);
  ~HealthService() override;

  // Not ready until told so. `why_not`: empty when the server is ready.
  void SetReady(std::string why_not);
  // Why "readiness" is not SERVING; empty: it is.
  std::string WhyNotReady() const;

  // Both services are NOT_SERVING from now on; watchers are told so, then end with UNAVAILABLE. Does not wait for them.
  void Shutdown();

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  ServingStatus StatusOf(const std::string& service) const;
  void Tell();

  MethodMetrics& check_;
  MethodMetrics& watch_;
  mutable std::mutex mutex_;
  std::string why_not_ready_ = "the server is starting";  // guarded by mutex_
  std::atomic<bool> shut_down_{false};
  StreamSet<Watcher> watchers_;
};

}  // namespace orc
