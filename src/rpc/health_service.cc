#include "rpc/health_service.h"

#include <optional>
#include <string>

namespace orc {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse>,
                                     public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthService& health, std::string service) : health_(health), service_(std::move(service)) {}

  void Advance() {
    Run([] {});
  }

  void OnWriteDone(bool ok) override {
    Run([&] {
      writing_ = false;
      gone_ = gone_ || !ok;
    });
  }

  void OnCancel() override {
    Run([&] { gone_ = true; });
  }

  void OnDone() override { health_.watchers_.Remove(this); }

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
    return [this] { Finish({grpc::StatusCode::UNAVAILABLE, "the server is shutting down"}); };
  }

  HealthService& health_;
  const std::string service_;
  StreamPump pump_;
  HealthCheckResponse response_;
  std::optional<ServingStatus> sent_;
  bool writing_ = false;
  bool gone_ = false;  // the client left
  bool finished_ = false;
};

HealthService::HealthService(size_t max_watchers) : watchers_(max_watchers) {}
HealthService::~HealthService() = default;

void HealthService::SetReady(bool ready) {
  ready_ = ready;
  Tell();
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
  return ready_ && !shut_down_ ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context, const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const ServingStatus status = StatusOf(request->service());
  response->set_status(status);
  reactor->Finish(status == HealthCheckResponse::SERVICE_UNKNOWN
                      ? grpc::Status(grpc::StatusCode::NOT_FOUND, "unknown service")
                      : grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(grpc::CallbackServerContext*,
                                                                    const HealthCheckRequest* request) {
  const auto watcher = std::make_shared<Watcher>(*this, request->service());
  if (!watchers_.Add(watcher)) {
    return new Refusal<grpc::ServerWriteReactor<HealthCheckResponse>>(
        {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watchers of the server's health; try again later"});
  }
  watcher->Advance();
  return watcher.get();
}

}  // namespace orc
