// grpc.health.v1.Health (contract.md 3, deployment.md 2.10, decisions D9 and D25): service "" is liveness, SERVING
// until shutdown; service "readiness" is SERVING while the server can take writes. No identity is asked for.
//
// Check of another name: NOT_FOUND `unknown service`. Watch sends the status now and after every change (a watcher
// that reads slowly may miss one that was undone meanwhile); another name gets one SERVICE_UNKNOWN and stays open. At
// most `max_watchers` at a time, more get RESOURCE_EXHAUSTED. Thread-safe. Must outlive the gRPC server.
#pragma once

#include <atomic>
#include <memory>

#include "grpc/health/v1/health.grpc.pb.h"
#include "rpc/stream.h"

namespace orc {

class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  explicit HealthService(size_t max_watchers = 1'000);
  ~HealthService() override;

  // Not ready until told so.
  void SetReady(bool ready);

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

  std::atomic<bool> ready_{false};
  std::atomic<bool> shut_down_{false};
  StreamSet<Watcher> watchers_;
};

}  // namespace orc
