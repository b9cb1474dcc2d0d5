#include "rpc/services/event_service.h"

#include <algorithm>
#include <atomic>
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
  Subscription(EventRpc& service, ChannelRuntime& channel, Caller caller, Peer peer, StreamRecord record,
               OrganizationShares::Share share)
      : service_(service),
        channel_(channel),
        caller_(std::move(caller)),
        peer_(std::move(peer)),
        record_(std::move(record)),
        share_(std::move(share)) {}

  const std::string& organization() const { return caller_.organization; }

  // First step, on a thread that may read the store.
  void Start(const std::string& start_id) {
    Result<int64_t> start = FindStart(channel_.store, start_id);
    if (!start) return EndByStore(start.error());
    position_ = *start;
    Continue();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(grpc::Status(grpc::StatusCode::CANCELLED, "the subscriber has left"));
    record_.Sent();
    service_.sent_.Add();
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

  void End(const grpc::Status& status, bool interrupted = false) {
    record_.Finished(status, interrupted);
    Finish(status);
  }

  const Caller& caller() const { return caller_; }
  // Events that the subscriber has not been sent yet.
  int64_t Lag() const { return std::max<int64_t>(channel_.feed.Head() - position_, 0); }

 private:
  void EndByStore(const Error& error) {
    if (IsOfStore(error.kind)) channel_.read_errors.Add();
    End(ToStatus(error));
  }

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
        if (const std::optional<grpc::Status> ending = Ending()) return End(*ending);
        return End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is stopping; subscribe again"), true);
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
    if (!rows) return EndByStore(rows.error());
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
  const Feed::Follower follower_{channel_.feed};
  const Caller caller_;
  const Peer peer_;
  StreamRecord record_;
  const OrganizationShares::Share share_;
  // Of whatever is under way; the position is read by others:
  std::atomic<int64_t> position_ = 0;  // of the last event written
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
  StreamRecord record(method_, context->client_metadata());
  record.Received();
  const auto refuse = [&](const grpc::Status& status) {
    record.Finished(status);
    return new Refusal<grpc::ServerWriteReactor<grpc::ByteBuffer>>(status);
  };
  Caller caller;
  const grpc::ByteBuffer taken = Calls::TakeOut(*request);
  const auto channel = calls_.AdmitStream(*context, taken, caller);
  if (!channel) return refuse(channel.error());
  const Result<std::string> start_id = ParseStartId(taken);
  if (!start_id) return refuse(ToStatus(start_id.error()));
  if (IsFull()) {
    return refuse(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                               "the server has its largest number of subscribers; subscribe again later"));
  }
  Result<OrganizationShares::Share> share = calls_.shares().TakeSubscription(caller.organization);
  if (!share) return refuse(ToStatus(share.error()));
  Log(LogLevel::kInfo, "Subscribing to events",
      record.labels().Fields(
          {{"mspid", caller.organization}, {"channel", caller.channel}, {"startEventId", *start_id}}));
  const auto subscription = std::make_shared<Subscription>(*this, **channel, caller, PeerOf(*context, calls_.gate()),
                                                           std::move(record), *std::move(share));
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

std::vector<std::shared_ptr<EventRpc::Subscription>> EventRpc::Open() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Subscription>> open;
  for (const auto& [key, subscription] : open_) open.push_back(subscription);
  return open;
}

void EventRpc::EndRefused() {
  for (const auto& subscription : Open()) subscription->CheckCaller();
}

std::map<std::pair<std::string, std::string>, EventRpc::Followers> EventRpc::CountFollowers() {
  std::map<std::pair<std::string, std::string>, Followers> followers;
  for (const auto& subscription : Open()) {
    Followers& those = followers[{subscription->caller().channel, subscription->caller().organization}];
    ++those.subscriptions;
    those.largest_lag = std::max(those.largest_lag, subscription->Lag());
  }
  return followers;
}

}  // namespace orc
