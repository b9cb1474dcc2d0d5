#include "echo.h"

#include <grpcpp/generic/async_generic_service.h>

#include <cstdio>
#include <cstdlib>

#include "follow.h"

namespace bench {
namespace {

constexpr char kBytesHeader[] = "answer-bytes";
constexpr char kCountHeader[] = "answers";
constexpr size_t kGathered = 100;  // messages of a stream
constexpr size_t kMostBytes = 64 << 20;

size_t Header(const grpc::GenericCallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  return found == context.client_metadata().end()
             ? 0
             : std::strtoull(std::string(found->second.data(), found->second.size()).c_str(), nullptr, 10);
}

grpc::ByteBuffer Bytes(size_t size) {
  static const std::string all(kMostBytes, 'x');
  const grpc::Slice slice(all.data(), std::min(size, kMostBytes), grpc::Slice::STATIC_SLICE);
  return {&slice, 1};
}

class Answer final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Answer(const grpc::GenericCallbackServerContext& context)
      : left_(Header(context, kCountHeader)), answer_(Bytes(Header(context, kBytesHeader))) {
    StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish({grpc::StatusCode::INVALID_ARGUMENT, "no request"});
    } else if (left_ <= 1) {
      StartWriteAndFinish(&answer_, {}, grpc::Status::OK);
    } else {
      --left_;
      StartWrite(&answer_);
    }
  }
  // From the second message on gRPC may gather several for one write, which is faster if it is not kept waiting too
  // long.
  void OnWriteDone(bool ok) override {
    if (!ok) {
      Finish({grpc::StatusCode::CANCELLED, "gone"});
    } else if (--left_ == 0) {
      StartWriteAndFinish(&answer_, {}, grpc::Status::OK);
    } else {
      grpc::WriteOptions options;
      if (left_ % kGathered != 0) options.set_buffer_hint();
      StartWrite(&answer_, options);
    }
  }
  void OnDone() override { delete this; }

 private:
  size_t left_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
};

class Echo final : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Answer(*context);
  }
};

Caller::Headers Headers(size_t bytes, size_t count) {
  return {{"mspid", "EchoMSP"},
          {"channel", "echo"},
          {kBytesHeader, std::to_string(bytes)},
          {kCountHeader, std::to_string(count)}};
}

}  // namespace

void ServeEcho() {
  Echo service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(-1);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::printf("{\"address\":\"127.0.0.1:%d\"}\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server->Shutdown(std::chrono::system_clock::now());
}

Outcome CallEcho(const std::string& address, size_t in_flight, size_t request_bytes, size_t response_bytes,
                 double seconds) {
  const Caller caller(Caller(address, "", ""), Headers(response_bytes, 1));
  const Call call{"/bench/Echo", Bytes(request_bytes)};
  Require(caller, call);  // connects
  return Run(caller, in_flight, SIZE_MAX, seconds, [&](size_t) { return call; });
}

void ReadStreams(const std::string& address, size_t streams, size_t bytes, size_t count) {
  std::vector<size_t> seen(streams);
  Follow(
      streams, [&] { return Caller(Caller(address, "", ""), Headers(bytes, count)); }, {"/bench/Stream", Bytes(1)}, 1e9,
      [&](size_t stream, const grpc::ByteBuffer&) { return ++seen[stream] < count; });
}

}  // namespace bench
