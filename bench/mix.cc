#include "mix.h"

#include <cstdio>
#include <functional>
#include <utility>

#include "event.pb.h"

namespace bench {
namespace {

constexpr double kPauseSeconds = 0.2;  // of a worker, between two calls
constexpr double kPagePauseSeconds = 0.05;
constexpr double kBulkPauseSeconds = 0.5;
constexpr size_t kBulkTasks = 500;
constexpr auto kLag = std::chrono::milliseconds(20);  // of a lagging subscriber, between two events
constexpr size_t kRoundsOfPlan = 25;
constexpr double kCatchUpSeconds = 120;

constexpr std::array<const char*, kMixedCalls> kCallNames = {"RegisterPlan",
                                                             "RegisterTasks of 4",
                                                             "EXECUTING",
                                                             "RegisterModels",
                                                             "DONE",
                                                             "page of 100 tasks",
                                                             "RegisterTasks of 500 (in bulk)"};

// How many acknowledged changes were not seen.
uint64_t Missing(const Tally& seen, const Tally& acknowledged) {
  const auto less = [](uint64_t some, uint64_t all) { return all > some ? all - some : 0; };
  return less(seen.plans, acknowledged.plans) + less(seen.tasks, acknowledged.tasks) +
         less(seen.executing, acknowledged.executing) + less(seen.models, acknowledged.models) +
         less(seen.done, acknowledged.done);
}

void PrintLatencies(const std::string& scenario, size_t size, const char* size_of, const Histogram& latencies) {
  Outcome outcome;
  outcome.calls = latencies.count();
  outcome.latencies = latencies;
  Measurement(scenario, size, size_of).Print(latencies.Percentile(0.99), "ms", latencies.count(), outcome);
}

void CountEvent(const pb::Event& event, Tally& tally) {
  const bool created = event.event_kind() == pb::EVENT_ASSET_CREATED;
  if (event.has_compute_plan()) tally.plans += created;
  if (event.has_model()) tally.models += created;
  if (!event.has_compute_task()) return;
  tally.tasks += created;
  tally.executing += !created && event.compute_task().status() == pb::STATUS_EXECUTING;
  tally.done += !created && event.compute_task().status() == pb::STATUS_DONE;
}

}  // namespace

Mix::Mix(const std::string& address, const std::vector<std::string>& channels,
         const std::vector<std::string>& organizations)
    : of_organizations_(organizations.size()) {
  std::vector<Caller> connections;  // one of each organization
  connections.reserve(organizations.size());
  for (const std::string& organization : organizations) connections.emplace_back(address, organization, "");
  for (const std::string& channel : channels) {
    const size_t number = channels_.size();
    MixedChannel& mixed = channels_.emplace_back();
    Subscribe(address, organizations.front(), channel, number);
    for (size_t i = 0; i < organizations.size(); ++i) {
      const Caller caller(connections[i], {{"mspid", organizations[i]}, {"channel", channel}});
      mixed.worlds.push_back(std::make_unique<World>(organizations[i], caller));
      workers_.push_back({number, i, {}, {}, 0, 0});
    }
  }
}

void Mix::Subscribe(const std::string& address, const std::string& organization, const std::string& channel,
                    size_t number) {
  MixedChannel& mixed = channels_[number];
  const Caller caller(address, organization, channel);
  Require(caller,
          {"/orchestrator.OrganizationService/RegisterOrganization", Serialize(pb::RegisterOrganizationParam())});
  for (const bool lagging : {false, true}) {
    mixed.subscriptions[lagging] = std::make_unique<Subscription>(
        loop_, caller, SubscribeCall(""),
        [this, &seen = mixed.seen[lagging], lagging](const grpc::ByteBuffer& event) { See(event, seen, lagging); },
        lagging ? Clock::duration(kLag) : Clock::duration::zero());
  }
}

void Mix::See(const grpc::ByteBuffer& bytes, Seen& seen, bool lagging) {
  pb::Event event;
  if (!Parse(bytes, event)) return;
  ++seen.events;
  seen.order = seen.order * 31 + std::hash<std::string>()(event.id());
  seen.last_id = event.id();
  CountEvent(event, seen.tally);
  if (lagging || stopping_) return;
  const std::chrono::system_clock::time_point committed(std::chrono::seconds(event.timestamp().seconds()) +
                                                        std::chrono::nanoseconds(event.timestamp().nanos()));
  if (committed < working_since_) return;
  deliveries_.Add(std::chrono::duration<double, std::milli>(std::chrono::system_clock::now() - committed).count());
}

void Mix::After(double seconds, std::function<void()> action) {
  if (stopping_) return;
  const auto pause = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  loop_.At(Clock::now() + pause, [this, action = std::move(action)] {
    if (!stopping_) action();
  });
}

void Mix::Start(MixedCall kind, size_t channel, size_t organization, const Call& call,
                std::function<void(Reply&)> done) {
  ++under_way_;
  const Caller& caller = channels_[channel].worlds[organization]->caller();
  loop_.Start(caller, call, [this, kind, channel, organization, done = std::move(done)](Reply& reply) {
    --under_way_;
    of_calls_[static_cast<size_t>(kind)].Add(reply.latency_ms);
    interval_.latencies.Add(reply.latency_ms);
    ++interval_.calls;
    if (kind != MixedCall::kBulk && kind != MixedCall::kPage) {
      channels_[channel].latencies.Add(reply.latency_ms);
      of_organizations_[organization].Add(reply.latency_ms);
    }
    if (!reply.status.ok()) {
      ++interval_.failures;
      if (failures_++ == 0) std::fprintf(stderr, "%s\n", reply.status.error_message().c_str());
    }
    done(reply);
  });
}

// A round of a worker: 0 registers, then three steps for each task.
Call Mix::NextCall(Worker& worker, MixedCall& kind) {
  const World& world = *channels_[worker.channel].worlds[worker.organization];
  if (worker.plan.empty()) {
    kind = MixedCall::kPlan;
    worker.plan = NewKey();
    return PlanCall(worker.plan);
  }
  if (worker.step == 0) {
    kind = MixedCall::kTasks;
    pb::RegisterTasksParam param;
    for (size_t i = 0; i < worker.tasks.size(); ++i) {
      *param.add_tasks() =
          world.NewTask(worker.plan, {worker.tasks.begin(), worker.tasks.begin() + static_cast<std::ptrdiff_t>(i)});
      worker.tasks[i] = param.tasks(static_cast<int>(i)).key();
    }
    return {kRegisterTasks, Serialize(param)};
  }
  const std::string& task = worker.tasks[(worker.step - 1) / 3];
  kind = std::array{MixedCall::kExecuting, MixedCall::kModels, MixedCall::kDone}[(worker.step - 1) % 3];
  if (kind == MixedCall::kModels) return ModelCall(task);
  return ActionCall(task, kind == MixedCall::kDone ? pb::TASK_ACTION_DONE : pb::TASK_ACTION_EXECUTING);
}

void Mix::Acknowledge(Worker& worker, MixedCall kind) {
  Tally& tally = channels_[worker.channel].acknowledged;
  tally.plans += kind == MixedCall::kPlan;
  tally.tasks += kind == MixedCall::kTasks ? worker.tasks.size() : 0;
  tally.executing += kind == MixedCall::kExecuting;
  tally.models += kind == MixedCall::kModels;
  tally.done += kind == MixedCall::kDone;
  if (kind == MixedCall::kPlan || ++worker.step <= 3 * worker.tasks.size()) return;
  worker.step = 0;
  if (++worker.rounds % kRoundsOfPlan == 0) worker.plan.clear();
}

void Mix::Step(Worker& worker) {
  MixedCall kind{};
  const Call call = NextCall(worker, kind);
  Start(kind, worker.channel, worker.organization, call, [this, &worker, kind](Reply& reply) {
    if (reply.status.ok()) {
      Acknowledge(worker, kind);
    } else {
      worker.step = 0;  // a new round, in a new plan
      worker.plan.clear();
    }
    After(kPauseSeconds, [this, &worker] { Step(worker); });
  });
}

void Mix::ReadPage(size_t channel) {
  pb::QueryTasksParam param;
  param.set_page_size(100);
  param.set_page_token(channels_[channel].page_token);
  Start(MixedCall::kPage, channel, channel % of_organizations_.size(), {kQueryTasks, Serialize(param)},
        [this, channel](Reply& reply) {
          channels_[channel].page_token = TextField(reply.response, pb::QueryTasksResponse::kNextPageTokenFieldNumber);
          After(kPagePauseSeconds, [this, channel] { ReadPage(channel); });
        });
}

void Mix::RegisterInBulk() {
  const std::string plan = workers_.front().plan;
  if (plan.empty()) return After(kBulkPauseSeconds, [this] { RegisterInBulk(); });
  const World& world = *channels_.front().worlds.front();
  Start(MixedCall::kBulk, 0, 0, world.TasksCall(plan, kBulkTasks), [this](Reply& reply) {
    if (reply.status.ok()) channels_.front().acknowledged.tasks += kBulkTasks;
    After(kBulkPauseSeconds, [this] { RegisterInBulk(); });
  });
}

void Mix::Work(double seconds, size_t intervals) {
  working_since_ = std::chrono::system_clock::now();
  for (size_t i = 0; i < workers_.size(); ++i) {  // evenly over the pause
    const double phase = kPauseSeconds * static_cast<double>(i) / static_cast<double>(workers_.size());
    After(phase, [this, &worker = workers_[i]] { Step(worker); });
  }
  for (size_t i = 0; i < channels_.size(); ++i) After(kPagePauseSeconds, [this, i] { ReadPage(i); });
  After(5 * kPauseSeconds, [this] { RegisterInBulk(); });
  for (size_t i = 1; i <= intervals; ++i) {
    const double of_interval = seconds / static_cast<double>(intervals);
    interval_ = {};
    const Measurement measurement("mixed over time", static_cast<size_t>(of_interval * static_cast<double>(i)),
                                  "seconds");
    loop_.RunWhile([&] { return measurement.Seconds() < of_interval; });
    measurement.Print(interval_.latencies.Percentile(0.99), "ms", interval_.calls, interval_);
  }
  stopping_ = true;
  loop_.RunWhile([&] { return under_way_ > 0; });
}

bool Mix::AllSeen(const std::vector<std::string>& last_ids) const {
  for (size_t i = 0; i < channels_.size(); ++i) {
    for (const Seen& seen : channels_[i].seen) {
      if (seen.last_id != last_ids[i]) return false;
    }
  }
  return true;
}

void Mix::CatchUp() {
  std::vector<std::string> last_ids;
  uint64_t behind = 0;
  for (MixedChannel& channel : channels_) {
    last_ids.push_back(NewestEvents(channel.worlds.front()->caller(), 1).front());
    channel.subscriptions[1]->SetPause({});
    behind += channel.seen[0].events - std::min(channel.seen[0].events, channel.seen[1].events);
  }
  const Measurement measurement("mixed: lagging subscribers catch up", behind, "events behind");
  loop_.RunWhile([&] { return !AllSeen(last_ids) && measurement.Seconds() < kCatchUpSeconds; });
  measurement.Print(measurement.Seconds(), "s", behind, {});
  for (MixedChannel& channel : channels_) {
    for (const auto& subscription : channel.subscriptions) {
      subscription->Stop();
      loop_.RunWhile([&] { return !subscription->ended(); });
    }
  }
}

void Mix::Report() const {
  for (size_t i = 0; i < kMixedCalls; ++i)
    PrintLatencies(std::string("mixed: ") + kCallNames[i], of_calls_[i].count(), "calls", of_calls_[i]);
  PrintLatencies("mixed: commit to delivery", deliveries_.count(), "events", deliveries_);
  uint64_t acknowledged = 0;
  uint64_t lost = 0;
  for (size_t i = 0; i < channels_.size(); ++i) {
    const MixedChannel& channel = channels_[i];
    PrintLatencies("mixed by channel", i, "channel", channel.latencies);
    acknowledged += channel.acknowledged.sum();
    for (const Seen& seen : channel.seen) lost += Missing(seen.tally, channel.acknowledged);
    if (channel.seen[0].order != channel.seen[1].order) ++lost;
    if (failures_ == 0 && channel.seen[0].tally != channel.acknowledged) ++lost;
  }
  for (size_t i = 0; i < of_organizations_.size(); ++i) {
    PrintLatencies("mixed by organization", i, "organization", of_organizations_[i]);
  }
  Outcome outcome;
  outcome.calls = acknowledged;
  outcome.failures = lost;
  Measurement("mixed: changes lost or out of order", acknowledged, "changes")
      .Print(static_cast<double>(lost), "changes", lost, outcome);
}

}  // namespace bench
