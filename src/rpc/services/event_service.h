// EventService of the contract (behaviour.md 17).
//
// SubscribeToEvents takes and gives serialized messages: an event goes to every subscriber in the bytes it was stored
// in. A stream never ends by itself (clients.md H1): a client that leaves, a server that stops (UNAVAILABLE), a store
// that can't be read (UNAVAILABLE) or a caller who is no longer let in (EndRefused) ends it. At most `max_subscribers`
// at a time, more get RESOURCE_EXHAUSTED.
// Thread-safe; outlives the gRPC server.
#pragma once

#include "event.grpc.pb.h"
#include "rpc/calls.h"
#include "rpc/stream.h"

namespace orc {

struct SubscriptionOptions {
  int32_t replay_batch_events = 100;  // read from the store at a time
  size_t max_subscribers = 4096;
};

class EventRpc final : public orchestrator::EventService::WithRawCallbackMethod_SubscribeToEvents<
                           orchestrator::EventService::CallbackService> {
 public:
  // `replayers` runs the subscribers' reads of the store.
  EventRpc(Calls& calls, Executor& replayers, SubscriptionOptions options)
      : calls_(calls), replayers_(replayers), options_(options), subscriptions_(options.max_subscribers) {}

  grpc::ServerUnaryReactor* QueryEvents(grpc::CallbackServerContext* context,
                                        const orchestrator::QueryEventsParam* request,
                                        orchestrator::QueryEventsResponse* response) override {
    return calls_.Read(context, request, response);
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* SubscribeToEvents(grpc::CallbackServerContext* context,
                                                                const grpc::ByteBuffer* request) override;

  // Ends the streams of callers who would not be let in now, with the status they would get. A stream whose client does
  // not read gets nothing more either, and its end once the client reads. To be called every now and then.
  void EndRefused();

 private:
  class Subscription;

  Calls& calls_;
  Executor& replayers_;
  const SubscriptionOptions options_;
  StreamSet<Subscription> subscriptions_;
};

}  // namespace orc
