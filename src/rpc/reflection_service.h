// Server reflection (deployment.md 2.11, contract.md 3): tools learn services and definition files from the server.
// One implementation serves grpc.reflection.v1 and v1alpha; it shows DescriptorCatalog and nothing else.
//
// Behind identity: a stream whose caller Identify refuses ends with UNKNOWN and Identify's text, which deployment
// checks wait for. An unknown file, symbol, type or extension: error_response NOT_FOUND; a request without question:
// error_response INVALID_ARGUMENT. At most kMaxReflectionStreams at a time, more get RESOURCE_EXHAUSTED.
// Thread-safe. What the gate names must outlive the service, and the service the gRPC server.
#pragma once

#include <atomic>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "rpc/identity.h"
#include "rpc/stream.h"
#include "rpc/stream_record.h"

namespace orc {

inline constexpr size_t kMaxReflectionStreams = 1'000;

template <class Service, class Request, class Response>
class ReflectionService final : public Service::CallbackService {
 public:
  ReflectionService(const Gate& gate, CallMetrics& metrics);
  ~ReflectionService() override;

  // Streams, present and to come, end with UNAVAILABLE once their running answer is sent. Does not wait for them.
  void Shutdown();

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(grpc::CallbackServerContext* context) override;

 private:
  class Stream;

  const Gate gate_;
  MethodMetrics& method_;
  std::atomic<bool> shut_down_{false};
  StreamSet<Stream> streams_;
};

using ReflectionV1 =
    ReflectionService<grpc::reflection::v1::ServerReflection, grpc::reflection::v1::ServerReflectionRequest,
                      grpc::reflection::v1::ServerReflectionResponse>;
using ReflectionV1Alpha =
    ReflectionService<grpc::reflection::v1alpha::ServerReflection, grpc::reflection::v1alpha::ServerReflectionRequest,
                      grpc::reflection::v1alpha::ServerReflectionResponse>;

}  // namespace orc
