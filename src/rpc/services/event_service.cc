#include "rpc/services/event_service.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "domain/text.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

Result<std::string> ParseStartId(const grpc::ByteBuffer& request) {
  pb::SubscribeToEventsParam param;
  grpc::Slice slice;
  if (!request.DumpToSingleSlice(&slice).ok() || !param.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return Fail(ErrorKind::kInternal, "the request is not a valid SubscribeToEventsParam");
  }
  if (param.start_event_id().empty()) return std::string();
  const std::optional<Key> id = Key::FromAnyForm(param.start_event_id());
  if (id) return id->ToString();
  return Fail(ErrorKind::kInvalidAsset, "event is not valid: start_event_id: must be a valid UUID.");
}

// The position to begin after: 0 for all events.
Result<int64_t> FindStart(ChannelStore& store, const std::string& start_id) {
  if (start_id.empty()) return 0;
  ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, store.Read());
  ORC_ASSIGN(const std::optional<int64_t> position, snapshot->FindEvent(start_id));
  if (position) return *position;
  // An id that is not of this channel's (behaviour.md 17.3); consumers in the field know this text.
  return Fail(ErrorKind::kRefused, "no rows in result set");
}

// The buffer shares the event's bytes.
grpc::ByteBuffer MakeBuffer(const EventBody& body) {
  auto* const share = new EventBody(body);
  const grpc::Slice slice(
      const_cast<char*>(body->data()), body->size(), [](void* held) { delete static_cast<EventBody*>(held); }, share);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

// One subscriber: a cursor that moves from the store into the tail and along with it. At any time exactly one of these
// is under way: a write, a read of the store, a wait for the feed. Whatever completes calls Continue.
class EventRpc::Subscription final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public Waiter {
 public:
  Subscription(EventRpc& service, ChannelRuntime& channel, Caller caller, Peer peer, OrganizationShares::Share share)
      : service_(service),
        channel_(channel),
        caller_(std::move(caller)),
        peer_(std::move(peer)),
        share_(std::move(share)) {}

  const std::string& organization() const { return caller_.organization; }

  // First step, on a thread that may read the store.
  void Start(const std::string& start_id) {
    Result<int64_t> start = FindStart(channel_.store, start_id);
    if (!start) return End(ToStatus(start.error()));
    position_ = *start;
    Continue();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(grpc::Status(grpc::StatusCode::CANCELLED, "the subscriber has left"));
    Continue();
  }

  void Wake() override { Continue(); }

  void OnCancel() override { EndSoon(grpc::Status(grpc::StatusCode::CANCELLED, "the subscriber has left")); }

  void OnDone() override { service_.Forget(this); }

  // Ends the stream if its caller would not be let in now.
  void CheckCaller() {
    if (Ending()) return;
    const Result<void> still = IdentifyAgain(caller_, peer_, service_.calls_.gate());
    if (!still) EndSoon(ToStreamAdmissionStatus(still.error()));
  }

  void End(const grpc::Status& status) {
    if (status.error_code() != grpc::StatusCode::CANCELLED) {
      Log(LogLevel::kInfo, "subscription ended",
          {{"method", "/orchestrator.EventService/SubscribeToEvents"}, {"error", status.error_message()}});
    }
    Finish(status);
  }

 private:
  // Ends the stream with `status` as soon as what is under way is over; a wait for the feed is over at once.
  void EndSoon(const grpc::Status& status) {
    bool waiting = false;
    {
      const std::lock_guard lock(mutex_);
      if (!ending_) ending_ = status;
      waiting = channel_.feed.StopWaiting(this);
    }
    if (waiting) Continue();
  }

  void Continue() {
    if (const std::optional<grpc::Status> ending = Ending()) return End(*ending);
    if (!pending_.empty()) return WriteNext();
    Feed::Batch batch = NextBatch();
    switch (batch.place) {
      case Feed::Place::kInTail: pending_.assign(batch.events.begin(), batch.events.end()); return WriteNext();
      case Feed::Place::kBehind:
        if (!service_.replayers_.Submit([this] { ReadStore(); }, organization())) {
          End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "too many subscribers are behind; subscribe again later"));
        }
        return;
      case Feed::Place::kCaughtUp: return;
      case Feed::Place::kClosed:
        return End(
            Ending().value_or(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is stopping; subscribe again")));
    }
  }

  std::optional<grpc::Status> Ending() {
    const std::lock_guard lock(mutex_);
    return ending_;
  }

  // Under the lock, so that EndSoon either is seen here or finds the waiter.
  Feed::Batch NextBatch() {
    const std::lock_guard lock(mutex_);
    if (ending_) return {Feed::Place::kClosed, {}};
    return channel_.feed.Next(position_, static_cast<size_t>(service_.options_.replay_batch_events), this);
  }

  void ReadStore() {
    const auto read = [this]() -> Result<std::vector<EventRow>> {
      ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, channel_.store.Read());
      return snapshot->EventsAfter(position_, service_.options_.replay_batch_events, kMaxBatchBytes);
    };
    Result<std::vector<EventRow>> rows = read();
    if (!rows) return End(ToStatus(rows.error()));
    for (EventRow& row : *rows) pending_.push_back(std::move(row.body));
    Continue();
  }

  void WriteNext() {
    buffer_ = MakeBuffer(pending_.front());
    pending_.pop_front();
    ++position_;
    grpc::WriteOptions options;
    // The transport may gather messages while the next one is at hand. Never for the first: a stream whose first
    // message is held back by this hint has been seen to hang in gRPC 1.51.
    if (wrote_ && !pending_.empty()) options.set_buffer_hint();
    wrote_ = true;
    StartWrite(&buffer_, options);
  }

  EventRpc& service_;
  ChannelRuntime& channel_;
  const Caller caller_;
  const Peer peer_;
  const OrganizationShares::Share share_;
  // Of whatever is under way:
  int64_t position_ = 0;  // of the last event written
  std::deque<EventBody> pending_;
  grpc::ByteBuffer buffer_;
  bool wrote_ = false;

  std::mutex mutex_;
  std::optional<grpc::Status> ending_;  // guarded by mutex_
};

bool EventRpc::IsFull() {
  const std::lock_guard lock(mutex_);
  return open_.size() >= options_.max_subscribers;
}

void EventRpc::Forget(Subscription* subscription) {
  std::shared_ptr<Subscription> last;  // released after the lock
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(subscription);
  last = std::move(found->second);
  open_.erase(found);
  ended_.notify_all();
}

void EventRpc::WaitForEnd(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, patience, [this] { return open_.empty(); });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* EventRpc::SubscribeToEvents(grpc::CallbackServerContext* context,
                                                                        const grpc::ByteBuffer* request) {
  using Refused = Refusal<grpc::ServerWriteReactor<grpc::ByteBuffer>>;
  Caller caller;
  const auto channel = calls_.AdmitStream(*context, *request, caller);
  if (!channel) return new Refused(channel.error());
  const Result<std::string> start_id = ParseStartId(*request);
  if (!start_id) return new Refused(ToStatus(start_id.error()));
  if (IsFull()) {
    return new Refused(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                    "the server has its largest number of subscribers; subscribe again later"));
  }
  Result<OrganizationShares::Share> share = calls_.shares().TakeSubscription(caller.organization);
  if (!share) return new Refused(ToStatus(share.error()));
  Log(LogLevel::kInfo, "Subscribing to events",
      {{"mspid", caller.organization}, {"channel", caller.channel}, {"startEventId", *start_id}});
  const auto subscription =
      std::make_shared<Subscription>(*this, **channel, caller, PeerOf(*context, calls_.gate()), *std::move(share));
  {
    const std::lock_guard lock(mutex_);
    open_.emplace(subscription.get(), subscription);
  }
  if (!replayers_.Submit([stream = subscription.get(), start_id = *start_id] { stream->Start(start_id); },
                         caller.organization)) {
    subscription->End(
        grpc::Status(grpc::StatusCode::UNAVAILABLE, "too many subscribers are behind; subscribe again later"));
  }
  return subscription.get();
}

void EventRpc::EndRefused() {
  std::vector<std::shared_ptr<Subscription>> open;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, subscription] : open_) open.push_back(subscription);
  }
  for (const auto& subscription : open) subscription->CheckCaller();
}

}  // namespace orc
