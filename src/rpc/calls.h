// Calls: what the forty methods share. It identifies the caller, finds the channel, hands a write to the channel's
// writer and a read to the readers, turns errors into statuses, and writes the log records of a call.
//
// A method is known by its request type: writes by Check, Prefetch and Execute (ledger/commands.h), reads by Answer
// (rpc/queries.h). Service files only name the methods. No function here waits: the thread goes back to gRPC at once.
// Thread-safe; outlives the gRPC server.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/log.h"
#include "ledger/commands.h"
#include "rpc/call_metrics.h"
#include "rpc/connections.h"
#include "rpc/hub.h"
#include "rpc/identity.h"
#include "rpc/organization_shares.h"
#include "rpc/queries.h"
#include "rpc/status.h"
#include "rpc/trace_context.h"

namespace orc {

// gRPC's time, which is that of the clock on the wall; its greatest stands for none.
Deadline ToDeadline(std::chrono::system_clock::time_point deadline);

// What a finished call was, for log and metrics.
struct FinishedCall {
  MethodMetrics& method;
  const CallLabels& labels;
  const grpc::Status& status;
  bool let_in;  // identity and channel were found good
  std::chrono::nanoseconds duration;
  size_t response_bytes;
};

// Counts a call and writes its log record (deployment.md 2.7, 2.8).
void RecordCall(const FinishedCall& call);

// The memory of a call's messages comes in blocks up to this size.
inline google::protobuf::ArenaOptions MessageMemory() {
  google::protobuf::ArenaOptions options;
  options.max_block_size = size_t{256} << 10;
  return options;
}

// What open calls share.
struct OpenCalls {
  std::atomic<int64_t> count{0};
  CallMetrics& metrics;
};

// An open call: the reactor that answers it. It owns the messages; the buffers and the context are gRPC's and stay
// until OnDone. Deletes itself after the answer.
template <class RequestType, class ResponseType>
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(grpc::CallbackServerContext& context, grpc::ByteBuffer& response_bytes, OpenCalls& open)
      : context_(context),
        response_bytes_(response_bytes),
        open_(open),
        method_(open.metrics.Of(RequestType::descriptor())),
        labels_(context.client_metadata()),
        arena_(MessageMemory()),
        request_(*google::protobuf::Arena::CreateMessage<RequestType>(&arena_)),
        response_(*google::protobuf::Arena::CreateMessage<ResponseType>(&arena_)) {
    ++open_.count;
    method_.started.Add();
    method_.received.Add();
  }

  // The messages are parsed and serialized here and not by gRPC, which answers a request that cannot be read with
  // UNIMPLEMENTED and no text. Gives up `bytes`. What the message takes beyond a few times its size counts against the
  // caller's share, too.
  Result<void> Parse(grpc::ByteBuffer& bytes) {
    constexpr int64_t kUsualFactor = 8;
    constexpr int64_t kWorthCountingBytes = 64 << 10;
    size_bytes_ = static_cast<int64_t>(bytes.Length());
    if (!grpc::SerializationTraits<RequestType>::Deserialize(&bytes, &request_).ok()) {
      return Fail(ErrorKind::kInternal, "the request cannot be read as " + RequestType::descriptor()->full_name());
    }
    const int64_t beyond_bytes = static_cast<int64_t>(arena_.SpaceAllocated()) - kUsualFactor * size_bytes_;
    if (beyond_bytes > kWorthCountingBytes && !share.Hold(beyond_bytes)) return share.TooManyBytes();
    return {};
  }

  // The answer counts against the caller's share until it has left; only a read may be refused for it.
  void Answer(const Result<void>& outcome, bool may_refuse = false) {
    grpc::Status status = outcome ? grpc::Status::OK : ToStatus(outcome.error());
    if (status.ok()) {
      bool own_buffer = false;
      status = grpc::SerializationTraits<ResponseType>::Serialize(response_, &response_bytes_, &own_buffer);
      const bool fits = share.Hold(static_cast<int64_t>(response_bytes_.Length()));
      if (!fits && may_refuse) status = ToStatus(share.TooManyBytes().value());
    }
    RecordCall({method_, labels_, status, let_in, std::chrono::steady_clock::now() - started_,
                status.ok() ? response_bytes_.Length() : 0});
    Finish(status);
  }

  void OnDone() override {
    OpenCalls& open = open_;
    delete this;
    --open.count;
  }

  bool IsCancelled() const { return context_.IsCancelled(); }
  Deadline deadline() const { return ToDeadline(context_.deadline()); }
  const grpc::CallbackServerContext& context() const { return context_; }
  int64_t size_bytes() const { return size_bytes_; }
  const RequestType& request() const { return request_; }
  ResponseType& response() { return response_; }
  const CallLabels& labels() const { return labels_; }

  bool let_in = false;  // see FinishedCall

  OrganizationShares::Share share;

 private:
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& response_bytes_;
  OpenCalls& open_;
  MethodMetrics& method_;
  const CallLabels labels_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  google::protobuf::Arena arena_;  // large messages have a million parts: they come and go as one
  RequestType& request_;
  ResponseType& response_;
  int64_t size_bytes_ = 0;
};

class Calls {
 public:
  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;

  // All outlive the calls.
  Calls(const Gate& gate, Hub& hub, Executor& readers, Connections& connections, OrganizationShares& shares,
        CallMetrics& metrics)
      : gate_(gate), hub_(hub), readers_(readers), connections_(connections), shares_(shares), open_{0, metrics} {}

  template <class Request, class Response>
  grpc::ServerUnaryReactor* Write(Context* context, const Bytes* request, Bytes* response) {
    auto* const call = new WriteCall<Request, Response>(*context, *response, open_);
    const Result<ChannelRuntime*> channel = Admit(*call, *request, call->caller);
    if (!channel) {
      call->Answer(tl::unexpected(channel.error()));
    } else if (const Result<void> checked = Check(call->caller, call->request()); !checked) {
      call->Answer(checked);
    } else {
      (*channel)->writer.Submit(call);
    }
    return call;
  }

  template <class Request, class Response>
  grpc::ServerUnaryReactor* Read(Context* context, const Bytes* request, Bytes* response) {
    auto* const call = new UnaryCall<Request, Response>(*context, *response, open_);
    Caller caller;
    const Result<ChannelRuntime*> channel = Admit(*call, *request, caller);
    if (!channel) {
      call->Answer(tl::unexpected(channel.error()));
      return call;
    }
    const auto answer = [call, runtime = *channel]() -> Result<void> {
      if (call->IsCancelled()) return Fail(ErrorKind::kCancelled, "the caller has left");
      Log(LogLevel::kDebug, "new DB transaction", {{"ReadOnly", "true"}});
      ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, runtime->store.Read(call->deadline()));
      return orc::Answer(call->request(), *snapshot, call->response());
    };
    const auto job = [call, runtime = *channel, answer] {
      call->Answer(FromStore(*runtime, call->labels(), answer), /*may_refuse=*/true);
    };
    if (!readers_.Submit(job, caller.organization)) call->Answer(TooManyReads());
    return call;
  }

  // A read of one asset, which is the response.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* LookUp(Context* context, const Bytes* request, Bytes* response) {
    auto* const call = new LookUpCall<Request, Response>(*context, *response, open_);
    Caller caller;
    const Result<ChannelRuntime*> channel = Admit(*call, *request, caller);
    if (!channel) {
      call->Answer(tl::unexpected(channel.error()));
      return call;
    }
    call->channel = *channel;
    LookUps<Response>& look_ups = (*channel)->look_ups;
    if (!look_ups.Submit(call, caller.organization, readers_)) call->Answer(TooManyReads());
    return call;
  }

  // A method that needs identity and nothing else; `fill(response)`.
  template <class Request, class Response, class Fill>
  grpc::ServerUnaryReactor* Reply(Context* context, const Bytes* request, Bytes* response, Fill&& fill) {
    auto* const call = new UnaryCall<Request, Response>(*context, *response, open_);
    Caller caller;
    const Result<ChannelRuntime*> channel = Admit(*call, *request, caller);
    if (channel) fill(call->response());
    call->Answer(channel ? Result<void>{} : tl::unexpected(channel.error()));
    return call;
  }

  // A request as it came in. gRPC would keep it until the call has ended, counted by nobody.
  static Bytes TakeOut(const Bytes& request);

  // Identity and channel of a stream; the error's status is that of streams (decisions.md D9).
  tl::expected<ChannelRuntime*, grpc::Status> AdmitStream(Context& context, const Bytes& request, Caller& caller);
  OrganizationShares& shares() { return shares_; }

  // From now on calls and streams are refused with kUnavailable.
  void Close() { closed_ = true; }
  // After Close: waits until the open calls are answered, for `patience` at most.
  void WaitForEnd(std::chrono::nanoseconds patience) const;

  // What decides on the callers.
  const Gate& gate() const { return gate_; }
  CallMetrics& metrics() { return open_.metrics; }

 private:
  template <class Request, class Response>
  class WriteCall final : public UnaryCall<Request, Response>, public Command {
   public:
    using UnaryCall<Request, Response>::UnaryCall;

    void Prefetch(Needs& needs) const override { orc::Prefetch(this->request(), needs); }
    Result<void> Run(Workspace& workspace) override {
      this->response().Clear();
      return Execute(caller, this->request(), workspace, this->response());
    }
    void Finish(Result<void> outcome) override { this->Answer(outcome); }
    bool IsAbandoned() const override { return this->IsCancelled(); }
    int64_t SizeBytes() const override { return this->size_bytes(); }
    const std::string& Organization() const override { return caller.organization; }

    Caller caller;
  };

  template <class Request, class Response>
  class LookUpCall final : public UnaryCall<Request, Response>, public PendingLookUp<Response> {
   public:
    using UnaryCall<Request, Response>::UnaryCall;

    std::string_view SoughtKey() const override {
      if constexpr (requires { this->request().key(); })
        return this->request().key();
      else
        return this->request().asset_key();
    }
    bool IsAbandoned() const override { return this->IsCancelled(); }
    Deadline AnswerBy() const override { return this->deadline(); }
    void Finish(const std::function<Result<void>(Response&)>& find) override {
      const auto answer = [&] { return find(this->response()); };
      this->Answer(FromStore(*channel, this->labels(), answer), /*may_refuse=*/true);
    }

    ChannelRuntime* channel = nullptr;
  };

  static tl::unexpected<Error> TooManyReads() {
    return Fail(ErrorKind::kUnavailable, "too many reads are waiting; try again later");
  }
  // What `answer` finds in the store. A fault in one call stays in that call; an error of the store is counted.
  static Result<void> FromStore(ChannelRuntime& channel, const CallLabels& labels,
                                const std::function<Result<void>()>& answer);

  // Who calls comes before what is asked: strangers cost no parsing.
  template <class Call>
  Result<ChannelRuntime*> Admit(Call& call, const Bytes& received, Caller& caller) {
    Bytes request = TakeOut(received);
    ORC_TRY(TakeRequest(call.context(), request));
    ORC_ASSIGN(caller, Identify(call.context(), gate_));
    connections_.TellIdentified(call.context());
    ORC_ASSIGN(call.share, shares_.TakeCall(caller.organization, static_cast<int64_t>(request.Length())));
    ORC_TRY(call.Parse(request));
    Result<ChannelRuntime*> channel = FindChannel(caller);
    call.let_in = channel.has_value();
    return channel;
  }
  Result<void> TakeRequest(const Context& context, const Bytes& request);
  Result<ChannelRuntime*> FindChannel(const Caller& caller);

  const Gate gate_;
  Hub& hub_;
  Executor& readers_;
  Connections& connections_;
  OrganizationShares& shares_;
  OpenCalls open_;
  std::atomic<bool> closed_{false};
};

}  // namespace orc
