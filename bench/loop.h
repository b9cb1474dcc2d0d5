// What makes the load: calls and subscriptions without a thread for each, on one thread per Loop, so that the generator
// takes as little as possible of the processors that it shares with the server. Messages are bytes (grpc::ByteBuffer):
// requests are serialized before the clock starts, and answers are parsed only by those who look inside.
//
// A Loop and all that belongs to it are used by one thread. A Caller may be shared.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start);

// An organization in a channel, over a connection. Thread-safe.
class Caller {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // Over a connection of its own.
  Caller(const std::string& address, const std::string& organization, const std::string& channel);
  // The same connection, other headers.
  Caller(const Caller& other, Headers headers) : connection_(other.connection_), headers_(std::move(headers)) {}

  const std::shared_ptr<grpc::Channel>& connection() const { return connection_; }
  std::unique_ptr<grpc::ClientContext> Context() const;

 private:
  std::shared_ptr<grpc::Channel> connection_;
  Headers headers_;
};

struct Call {
  const char* method;  // such as `/orchestrator.ComputeTaskService/GetTask`; outlives the call
  grpc::ByteBuffer request;
};

struct Reply {
  grpc::Status status;
  grpc::ByteBuffer response;
  double latency_ms = 0;
};

grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message);
// False when the bytes are not such a message.
bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);

// What a Loop waits for.
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void Proceed(bool ok) = 0;
};

class Loop {
 public:
  Loop() = default;
  // Everything under way must have ended.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Start(const Caller& caller, const Call& call, std::function<void(Reply&)> done);
  void At(Clock::time_point time, std::function<void()> action) { timers_.emplace(time, std::move(action)); }
  // Handles completions and timers for as long as `go_on` says so, which is asked after each.
  void RunWhile(const std::function<bool()>& go_on);

  grpc::CompletionQueue& queue() { return queue_; }

 private:
  grpc::CompletionQueue queue_;
  std::multimap<Clock::time_point, std::function<void()>> timers_;
};

// A stream from the server, such as a subscription: `on_event` sees every message until Stop.
class Subscription final : private Completion {
 public:
  // With `pause`, the next message is asked for only that long after the last, so that the subscriber lags.
  Subscription(Loop& loop, const Caller& caller, const Call& call,
               std::function<void(const grpc::ByteBuffer&)> on_event, Clock::duration pause = {});
  ~Subscription() override;  // must have ended

  void Stop();
  void SetPause(Clock::duration pause) { pause_ = pause; }
  bool ended() const { return state_ == State::kEnded; }

 private:
  enum class State { kStarting, kReading, kFinishing, kEnded };
  void Proceed(bool ok) override;

  Loop& loop_;
  grpc::ByteBuffer request_;
  std::function<void(const grpc::ByteBuffer&)> on_event_;
  Clock::duration pause_;
  State state_ = State::kStarting;
  bool stopping_ = false;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer event_;
  grpc::Status status_;
};

// One call, waited for. Fills in `response` if it is given and the call succeeded.
grpc::Status Ask(const Caller& caller, const Call& call, google::protobuf::MessageLite* response = nullptr);
// The same; a failure ends the process with a message.
void Require(const Caller& caller, const Call& call, google::protobuf::MessageLite* response = nullptr);

}  // namespace bench
