// Calls: what the forty methods share. It identifies the caller, finds the channel, hands a write to the channel's
// writer and a read to the readers, turns errors into statuses, and writes the log records of a call.
//
// A method is known by its request type: writes by Check, Prefetch and Execute (ledger/commands.h), reads by Answer
// (rpc/queries.h). Service files only name the methods. No function here waits: the thread goes back to gRPC at once.
// Thread-safe; outlives the gRPC server.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "ledger/commands.h"
#include "rpc/hub.h"
#include "rpc/identity.h"
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

// An open call: the reactor that answers it. Deletes itself after the answer.
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(grpc::CallbackServerContext& context, const google::protobuf::Descriptor* request)
      : context_(context), method_(MethodOf(request)), request_id_(RequestId(context.client_metadata())) {}

  void Answer(Result<void> outcome) { Answer(outcome ? grpc::Status::OK : ToStatus(outcome.error())); }
  void Answer(const grpc::Status& status) {
    LogCall({method_, request_id_, status, std::chrono::steady_clock::now() - started_});
    Finish(status);
  }
  void OnDone() override { delete this; }

  grpc::CallbackServerContext& context() { return context_; }

 private:
  grpc::CallbackServerContext& context_;
  const std::string& method_;
  const std::string request_id_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

class Calls {
 public:
  Calls(const Gate& gate, Hub& hub, Executor& readers) : gate_(gate), hub_(hub), readers_(readers) {}

  template <class Request, class Response>
  grpc::ServerUnaryReactor* Write(grpc::CallbackServerContext* context, const Request* request, Response* response) {
    auto* const call = new WriteCall<Request, Response>(*context, *request, *response);
    const Result<ChannelRuntime*> channel = Admit(*call, call->caller);
    if (!channel) {
      call->Answer(tl::unexpected(channel.error()));
    } else if (Result<void> checked = Check(call->caller, *request); !checked) {
      call->Answer(std::move(checked));
    } else {
      (*channel)->writer.Submit(call);
    }
    return call;
  }

  template <class Request, class Response>
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, const Request* request, Response* response) {
    auto* const call = new UnaryCall(*context, Request::descriptor());
    Caller caller;
    const Result<ChannelRuntime*> channel = Admit(*call, caller);
    if (!channel) {
      call->Answer(tl::unexpected(channel.error()));
      return call;
    }
    const bool taken = readers_.Submit([call, request, response, store = &(*channel)->store] {
      call->Answer(Guard([&]() -> Result<void> {
        if (call->context().IsCancelled()) return Fail(ErrorKind::kCancelled, "the caller has left");
        ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, store->Read());
        return orc::Answer(*request, *snapshot, *response);
      }));
    });
    if (!taken) call->Answer(Fail(ErrorKind::kUnavailable, "too many reads are waiting; try again later"));
    return call;
  }

  // A method that needs identity and nothing else.
  template <class Request>
  grpc::ServerUnaryReactor* Reply(grpc::CallbackServerContext* context, const Request*,
                                  const std::function<void()>& fill) {
    auto* const call = new UnaryCall(*context, Request::descriptor());
    Caller caller;
    const Result<ChannelRuntime*> channel = Admit(*call, caller);
    if (channel) fill();
    call->Answer(channel ? Result<void>{} : tl::unexpected(channel.error()));
    return call;
  }

  // Identity and channel of a stream; the error's status is that of streams (decisions.md D9).
  tl::expected<ChannelRuntime*, grpc::Status> AdmitStream(grpc::CallbackServerContext& context, Caller& caller);

  // What decides on the callers.
  const Gate& gate() const { return gate_; }

 private:
  template <class Request, class Response>
  class WriteCall final : public UnaryCall, public Command {
   public:
    WriteCall(grpc::CallbackServerContext& context, const Request& request, Response& response)
        : UnaryCall(context, Request::descriptor()),
          request_(request),
          response_(response),
          size_bytes_(static_cast<int64_t>(request.ByteSizeLong())) {}

    void Prefetch(Needs& needs) const override { orc::Prefetch(request_, needs); }
    Result<void> Run(Workspace& workspace) override {
      response_.Clear();
      return Execute(caller, request_, workspace, response_);
    }
    void Finish(Result<void> outcome) override { Answer(std::move(outcome)); }
    bool IsAbandoned() const override { return const_cast<WriteCall*>(this)->context().IsCancelled(); }
    int64_t SizeBytes() const override { return size_bytes_; }

    Caller caller;

   private:
    const Request& request_;
    Response& response_;
    const int64_t size_bytes_;
  };

  // A fault in one call stays in that call.
  static Result<void> Guard(const std::function<Result<void>()>& answer);

  Result<ChannelRuntime*> Admit(UnaryCall& call, Caller& caller);
  Result<ChannelRuntime*> FindChannel(const Caller& caller);

  const Gate gate_;
  Hub& hub_;
  Executor& readers_;
};

}  // namespace orc
