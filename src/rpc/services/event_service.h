// EventService of the contract (behaviour.md 17).
//
// SubscribeToEvents takes and gives serialized messages: an event goes to every subscriber in the bytes it was stored
// in. A stream never ends by itself (clients.md H1): a client that leaves, a server that stops (UNAVAILABLE), a store
// that can't be read (UNAVAILABLE) or a caller who is no longer let in (EndRefused) ends it. At most `max_subscribers`
// at a time, more get RESOURCE_EXHAUSTED.
// Thread-safe; outlives the gRPC server.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event.grpc.pb.h"
#include "rpc/calls.h"
#include "rpc/stream.h"
#include "rpc/stream_record.h"

namespace orc {

struct SubscriptionOptions {
  int32_t replay_batch_events = 100;  // read from the store at a time
  size_t max_subscribers = 4096;
};

class EventRpc final
    : public orchestrator::EventService::WithRawCallbackMethod_QueryEvents<
          orchestrator::EventService::WithRawCallbackMethod_SubscribeToEvents<orchestrator::EventService::Service>> {
 public:
  // `replayers` runs the subscribers' reads of the store.
  EventRpc(Calls& calls, Executor& replayers, SubscriptionOptions options)
      : calls_(calls),
        replayers_(replayers),
        options_(options),
        method_(calls.metrics().Named("/orchestrator.EventService/SubscribeToEvents")) {}

  // After the feeds were closed: waits until all streams have ended, for `patience` at most. Those of subscribers that
  // do not take what they are sent end only with their connections.
  void WaitForEnd(std::chrono::milliseconds patience);

  grpc::ServerUnaryReactor* QueryEvents(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override {
    return calls_.Read<orchestrator::QueryEventsParam, orchestrator::QueryEventsResponse>(context, request, response);
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* SubscribeToEvents(grpc::CallbackServerContext* context,
                                                                const grpc::ByteBuffer* request) override;

  // Ends the streams of callers who would not be let in now, with the status they would get. A stream whose client does
  // not read gets nothing more either, and its end once the client reads. To be called every now and then.
  void EndRefused();

  // Events that subscribers have been sent since the start.
  int64_t Sent() const { return sent_.Value(); }

  // The open subscriptions of one organization in one channel.
  struct Followers {
    int64_t subscriptions = 0;
    int64_t largest_lag = 0;  // events that one of them has still to be sent
  };
  // By channel and organization.
  std::map<std::pair<std::string, std::string>, Followers> CountFollowers();

 private:
  class Subscription;

  std::vector<std::shared_ptr<Subscription>> Open();
  bool IsFull();
  void Forget(Subscription* subscription);

  Calls& calls_;
  Executor& replayers_;
  const SubscriptionOptions options_;
  MethodMetrics& method_;
  Counter sent_;
  std::mutex mutex_;
  std::condition_variable ended_;                                          // notified when a subscription ends
  std::unordered_map<Subscription*, std::shared_ptr<Subscription>> open_;  // guarded by mutex_
};

}  // namespace orc
