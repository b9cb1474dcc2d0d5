#include "rpc/health_service.h"

#include <optional>
#include <string>

namespace orc {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse>,
                                     public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthService& health, std::string service)
      : health_(health), service_(std::move(service)), counted_(health.watch_) {
    counted_.Received();
  }

  void Advance() {
    Run([] {});
  }

  void OnWriteDone(bool ok) override {
    Run([&] {
      writing_ = false;
      if (ok) counted_.Sent();
      gone_ = gone_ || !ok;
    });
  }

  void OnCancel() override {
    Run([&] { gone_ = true; });
  }

  void OnDone() override { health_.watchers_.Remove(this); }

  void Refused() { counted_.Finished(grpc::StatusCode::RESOURCE_EXHAUSTED); }

 private:
  template <class Change>
  void Run(Change change) {
    const auto self = shared_from_this();
    pump_.Run(change, [this] { return Next(); });
  }

  std::function<void()> Next() {
    if (finished_ || writing_) return nullptr;
    // Read first: once it is true, the status below is the last one.
    const bool last = health_.shut_down_;
    const ServingStatus status = health_.StatusOf(service_);
    if (!gone_ && sent_ != status) {
      sent_ = status;
      writing_ = true;
      response_.set_status(status);
      return [this] { StartWrite(&response_); };
    }
    if (!gone_ && !last) return nullptr;
    finished_ = true;
    return [this, gone = gone_] {
      counted_.Finished(gone ? grpc::StatusCode::CANCELLED : grpc::StatusCode::UNAVAILABLE);
      Finish({grpc::StatusCode::UNAVAILABLE, "the server is shutting down"});
    };
  }

  HealthService& health_;
  const std::string service_;
  CountedCall counted_;
  StreamPump pump_;
  HealthCheckResponse response_;
  std::optional<ServingStatus> sent_;
  bool writing_ = false;
  bool gone_ = false;  // the client left
  bool finished_ = false;
};

HealthService::HealthService(CallMetrics& metrics, size_t max_watchers)
    : check_(metrics.Named("/grpc.health.v1.Health/Check")),
      watch_(metrics.Named("/grpc.health.v1.Health/Watch")),
      watchers_(max_watchers) {}
HealthService::~HealthService() = default;

void HealthService::SetReady(std::string why_not) {
  {
    const std::lock_guard lock(mutex_);
    why_not_ready_ = std::move(why_not);
  }
  Tell();
}

std::string HealthService::WhyNotReady() const {
  if (shut_down_) return "the server is stopping";
  const std::lock_guard lock(mutex_);
  return why_not_ready_;
}

void HealthService::Shutdown() {
  shut_down_ = true;
  Tell();
}

void HealthService::Tell() {
  for (const auto& watcher : watchers_.All()) watcher->Advance();
}

HealthService::ServingStatus HealthService::StatusOf(const std::string& service) const {
  if (service.empty()) return shut_down_ ? HealthCheckResponse::NOT_SERVING : HealthCheckResponse::SERVING;
  if (service != "readiness") return HealthCheckResponse::SERVICE_UNKNOWN;
  return WhyNotReady().empty() ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context, const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  CountedCall counted(check_);
  counted.Received();
  const ServingStatus status = StatusOf(request->service());
  response->set_status(status);
  const bool unknown = status == HealthCheckResponse::SERVICE_UNKNOWN;
  if (!unknown) counted.Sent();
  counted.Finished(unknown ? grpc::StatusCode::NOT_FOUND : grpc::StatusCode::OK);
  reactor->Finish(unknown ? grpc::Status(grpc::StatusCode::NOT_FOUND, "unknown service") : grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(grpc::CallbackServerContext*,
                                                                    const HealthCheckRequest* request) {
  const auto watcher = std::make_shared<Watcher>(*this, request->service());
  if (!watchers_.Add(watcher)) {
    watcher->Refused();
    return new Refusal<grpc::ServerWriteReactor<HealthCheckResponse>>(
        {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watchers of the server's health; try again later"});
  }
  watcher->Advance();
  return watcher.get();
}

}  // namespace orc
