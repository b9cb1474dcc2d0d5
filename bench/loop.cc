#include "loop.h"

#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

class Unary final : public Completion {
 public:
  Unary(Loop& loop, const Caller& caller, const Call& call, std::function<void(Reply&)> done)
      : context_(caller.Context()), done_(std::move(done)) {
    grpc::GenericStub stub(caller.connection());
    reader_ = stub.PrepareUnaryCall(context_.get(), call.method, call.request, &loop.queue());
    reader_->StartCall();
    reader_->Finish(&reply_.response, &reply_.status, this);
  }

  void Proceed(bool) override {
    const std::unique_ptr<Unary> self(this);
    reply_.latency_ms = SecondsSince(started_) * 1000;
    done_(reply_);
  }

 private:
  const Clock::time_point started_ = Clock::now();
  const std::unique_ptr<grpc::ClientContext> context_;
  const std::function<void(Reply&)> done_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  Reply reply_;
};

}  // namespace

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Caller::Caller(const std::string& address, const std::string& organization, const std::string& channel)
    : headers_{{"mspid", organization}, {"channel", channel}} {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt("grpc.use_local_subchannel_pool", 1);  // or else equal addresses share a connection
  connection_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<grpc::ClientContext> Caller::Context() const {
  auto context = std::make_unique<grpc::ClientContext>();
  for (const auto& [name, value] : headers_) context->AddMetadata(name, value);
  return context;
}

grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message) {
  grpc::Slice slice;
  return bytes.DumpToSingleSlice(&slice).ok() && message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

Loop::~Loop() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

void Loop::Start(const Caller& caller, const Call& call, std::function<void(Reply&)> done) {
  new Unary(*this, caller, call, std::move(done));  // deletes itself when it completes
}

void Loop::RunWhile(const std::function<bool()>& go_on) {
  while (go_on()) {
    while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
      const auto action = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      action();
    }
    const auto now = Clock::now();
    const auto next = timers_.empty() ? now + std::chrono::milliseconds(100) : timers_.begin()->first;
    void* tag = nullptr;
    bool ok = false;
    // gRPC takes the time of day.
    const auto deadline =
        std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(next - now);
    if (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
      static_cast<Completion*>(tag)->Proceed(ok);
    }
  }
}

Subscription::Subscription(Loop& loop, const Caller& caller, const Call& call,
                           std::function<void(const grpc::ByteBuffer&)> on_event, Clock::duration pause)
    : loop_(loop),
      request_(call.request),
      on_event_(std::move(on_event)),
      pause_(pause),
      context_(caller.Context()),
      stream_(grpc::GenericStub(caller.connection()).PrepareCall(context_.get(), call.method, &loop.queue())) {
  context_->set_initial_metadata_corked(true);  // the request goes out with the headers, in one operation
  stream_->StartCall(nullptr);
  stream_->WriteLast(request_, {}, static_cast<Completion*>(this));
}

Subscription::~Subscription() {
  if (ended()) return;
  std::fprintf(stderr, "a subscription is destroyed before it has ended\n");
  std::abort();
}

void Subscription::Stop() {
  stopping_ = true;
  context_->TryCancel();
}

void Subscription::Proceed(bool ok) {
  switch (state_) {
    case State::kReading:
      if (ok && !stopping_) on_event_(event_);
      [[fallthrough]];
    case State::kStarting: {
      const bool paused = state_ == State::kReading && pause_ > Clock::duration::zero();
      if (!ok) {
        state_ = State::kFinishing;
        stream_->Finish(&status_, static_cast<Completion*>(this));
      } else if (paused && !stopping_) {
        loop_.At(Clock::now() + pause_, [this] { stream_->Read(&event_, static_cast<Completion*>(this)); });
      } else {
        state_ = State::kReading;
        stream_->Read(&event_, static_cast<Completion*>(this));
      }
      break;
    }
    case State::kFinishing:
      state_ = State::kEnded;
      if (!stopping_) std::fprintf(stderr, "a subscription ended: %s\n", status_.error_message().c_str());
      break;
    case State::kEnded: break;
  }
}

grpc::Status Ask(const Caller& caller, const Call& call, google::protobuf::MessageLite* response) {
  Loop loop;
  grpc::Status status;
  bool answered = false;
  loop.Start(caller, call, [&](Reply& reply) {
    answered = true;
    status = reply.status;
    if (status.ok() && response != nullptr && !Parse(reply.response, *response)) {
      status = {grpc::StatusCode::INTERNAL, "the answer cannot be parsed"};
    }
  });
  loop.RunWhile([&] { return !answered; });
  return status;
}

void Require(const Caller& caller, const Call& call, google::protobuf::MessageLite* response) {
  const grpc::Status status = Ask(caller, call, response);
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", call.method, status.error_message().c_str());
  std::exit(1);
}

}  // namespace bench
