// What is counted of calls, for each method of the server's services, health and reflection included (deployment.md
// 2.8). A method that was never called is there with zeros. Thread-safe; outlives the gRPC server.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/status.h>

#include <array>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/metrics.h"

namespace orc {

struct MethodMetrics {
  static constexpr size_t kCodes = 17;  // of gRPC

  std::string path;       // full name, `/<package.Service>/<Method>`
  std::string service;    // `<package.Service>`
  std::string name;       // `<Method>`
  std::string_view type;  // unary, client_stream, server_stream or bidi_stream
  bool has_transaction;   // unary methods of the orchestrator's services
  Counter started;
  std::array<Counter, kCodes> handled;  // by status code
  Counter received;                     // messages
  Counter sent;
  Histogram seconds{kSecondsBounds};
  Counter committed;  // calls that were let in and succeeded, and those that were let in and failed
  Counter rolled_back;

  void Handled(grpc::StatusCode code, std::chrono::nanoseconds duration);
};

// A call from its beginning to its end, for services that have their messages from gRPC and their end in one place.
class CountedCall {
 public:
  explicit CountedCall(MethodMetrics& method) : method_(method) { method.started.Add(); }
  void Received() { method_.received.Add(); }
  void Sent() { method_.sent.Add(); }
  void Finished(grpc::StatusCode code) { method_.Handled(code, std::chrono::steady_clock::now() - started_); }

 private:
  MethodMetrics& method_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

class CallMetrics {
 public:
  CallMetrics();

  // The method whose request is of this type; no two methods of the orchestrator's services share one.
  MethodMetrics& Of(const google::protobuf::Descriptor* request) { return *by_request_.at(request); }
  // The method with this path, which exists.
  MethodMetrics& Named(std::string_view path);

  const std::deque<MethodMetrics>& All() const { return methods_; }

 private:
  std::deque<MethodMetrics> methods_;  // they do not move
  std::unordered_map<const google::protobuf::Descriptor*, MethodMetrics*> by_request_;
};

}  // namespace orc
