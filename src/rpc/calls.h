// Calls: what the forty methods share. It identifies the caller, finds the channel, hands a write to the channel's
// writer and a read to the readers, turns errors into statuses, and writes the log records of a call.
//
// A method is known by its request type: writes by Check, Prefetch and Execute (ledger/commands.h), reads by Answer
// (rpc/queries.h). Service files only name the methods. No function here waits: the thread goes back to gRPC at once.
// Thread-safe; outlives the gRPC server.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "ledger/commands.h"
#include "rpc/connections.h"
#include "rpc/hub.h"
#include "rpc/identity.h"
#include "rpc/organization_shares.h"
#include "rpc/queries.h"
#include "rpc/status.h"

namespace orc {

// What a finished call was, for log and metrics.
struct FinishedCall {
  const std::string& method;  // full name, `/orchestrator.<Service>/<Method>`
  const std::string& request_id;
  const grpc::Status& status;
  std::chrono::nanoseconds duration;
};

// The full name of the method whose request is of this type; no two methods share one.
const std::string& MethodOf(const google::protobuf::Descriptor* request);

// Writes the log record of a call (deployment.md 2.7).
void LogCall(const FinishedCall& call);

// The number of open calls.
using OpenCalls = std::atomic<int64_t>;

// An open call: the reactor that answers it. It owns the messages; the buffers and the context are gRPC's and stay
// until OnDone. Deletes itself after the answer.
template <class RequestType, class ResponseType>
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(grpc::CallbackServerContext& context, grpc::ByteBuffer& response_bytes, OpenCalls& open)
      : context_(context),
        response_bytes_(response_bytes),
        open_(open),
        request_id_(RequestId(context.client_metadata())) {
    ++open_;
  }

  // The messages are parsed and serialized here and not by gRPC, which answers a request that cannot be read with
  // UNIMPLEMENTED and no text.
  Result<void> Parse(const grpc::ByteBuffer& request_bytes) {
    grpc::ByteBuffer bytes = request_bytes;
    size_bytes_ = static_cast<int64_t>(bytes.Length());
    if (grpc::SerializationTraits<RequestType>::Deserialize(&bytes, &request_).ok()) return {};
    return Fail(ErrorKind::kInternal, "the request cannot be read as " + RequestType::descriptor()->full_name());
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
    LogCall({MethodOf(RequestType::descriptor()), request_id_, status, std::chrono::steady_clock::now() - started_});
    Finish(status);
  }

  void OnDone() override {
    OpenCalls& open = open_;
    delete this;
    --open;
  }

  bool IsCancelled() const { return context_.IsCancelled(); }
  const grpc::CallbackServerContext& context() const { return context_; }
  int64_t size_bytes() const { return size_bytes_; }
  const RequestType& request() const { return request_; }
  ResponseType& response() { return response_; }

  OrganizationShares::Share share;

 private:
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& response_bytes_;
  OpenCalls& open_;
  const std::string request_id_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  RequestType request_;
  ResponseType response_;
  int64_t size_bytes_ = 0;
};

class Calls {
 public:
  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;

  // All outlive the calls.
  Calls(const Gate& gate, Hub& hub, Executor& readers, Connections& connections, OrganizationShares& shares)
      : gate_(gate), hub_(hub), readers_(readers), connections_(connections), shares_(shares) {}

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
    const auto answer = [call, store = &(*channel)->store]() -> Result<void> {
      if (call->IsCancelled()) return Fail(ErrorKind::kCancelled, "the caller has left");
      ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, store->Read());
      return orc::Answer(call->request(), *snapshot, call->response());
    };
    const bool taken =
        readers_.Submit([call, answer] { call->Answer(Guard(answer), /*may_refuse=*/true); }, caller.organization);
    if (!taken) call->Answer(Fail(ErrorKind::kUnavailable, "too many reads are waiting; try again later"));
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

  // Identity and channel of a stream; the error's status is that of streams (decisions.md D9).
  tl::expected<ChannelRuntime*, grpc::Status> AdmitStream(Context& context, const Bytes& request, Caller& caller);
  OrganizationShares& shares() { return shares_; }

  // From now on calls and streams are refused with kUnavailable.
  void Close() { closed_ = true; }
  // After Close: waits until the open calls are answered, for `patience` at most.
  void WaitForEnd(std::chrono::nanoseconds patience) const;

  // What decides on the callers.
  const Gate& gate() const { return gate_; }

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

  // A fault in one call stays in that call.
  static Result<void> Guard(const std::function<Result<void>()>& answer);

  // Who calls comes before what is asked: strangers cost no parsing.
  template <class Call>
  Result<ChannelRuntime*> Admit(Call& call, const Bytes& request, Caller& caller) {
    ORC_TRY(TakeRequest(call.context(), request));
    ORC_ASSIGN(caller, Identify(call.context(), gate_));
    ORC_ASSIGN(call.share, shares_.TakeCall(caller.organization, static_cast<int64_t>(request.Length())));
    ORC_TRY(call.Parse(request));
    return FindChannel(caller);
  }
  Result<void> TakeRequest(const Context& context, const Bytes& request);
  Result<ChannelRuntime*> FindChannel(const Caller& caller);

  const Gate gate_;
  Hub& hub_;
  Executor& readers_;
  Connections& connections_;
  OrganizationShares& shares_;
  OpenCalls open_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace orc
