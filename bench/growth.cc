// What single operations cost as a plan, or a history, grows: the median of each at each size.
#include <random>

#include "computeplan.pb.h"
#include "event.pb.h"
#include "measure.h"
#include "scenarios.h"

namespace bench {
namespace {

constexpr double kMostSeconds = 30;

// One at a time, `make(0)` to `make(count - 1)`.
void Operation(const World& world, const char* scenario, size_t size, const char* size_of, size_t count,
               const std::function<Call(size_t)>& make) {
  std::vector<Call> calls;
  for (size_t i = 0; i < count; ++i) calls.push_back(make(i));
  const Measurement measurement(scenario, size, size_of);
  const Outcome outcome = Run(world.caller(), 1, count, kMostSeconds, [&](size_t i) { return calls[i]; });
  measurement.Print(outcome.latencies.Percentile(0.5), "ms", count, outcome);
}

// The time from a subscription near the end of the history to its first event.
void Subscribe(const World& world, size_t size, size_t count) {
  const Call start = SubscribeCall(NewestEvents(world.caller(), 2).back());
  const Measurement measurement("history: subscribe at the end", size, "events");
  Outcome outcome;
  for (; outcome.calls < count; ++outcome.calls) {
    Loop loop;
    const auto started = Clock::now();
    bool seen = false;
    Subscription subscription(loop, world.caller(), start, [&](const grpc::ByteBuffer&) {
      if (!seen) outcome.latencies.Add(SecondsSince(started) * 1000);
      seen = true;
    });
    loop.RunWhile([&] { return !seen && !subscription.ended(); });
    if (!seen) ++outcome.failures;
    subscription.Stop();
    loop.RunWhile([&] { return !subscription.ended(); });
  }
  measurement.Print(outcome.latencies.Percentile(0.5), "ms", count, outcome);
}

void TasksOfSize(const World& world, const std::string& plan, const std::vector<std::string>& tasks, size_t count) {
  const size_t size = tasks.size();
  const auto operation = [&](const char* scenario, const std::function<Call(size_t)>& make) {
    Operation(world, scenario, size, "tasks in the plan", count, make);
  };
  pb::IsPlanRunningParam is_running;
  is_running.set_key(plan);
  pb::QueryTasksParam page;
  page.set_page_size(500);
  page.mutable_filter()->set_compute_plan_key(plan);
  page.mutable_filter()->set_status(pb::STATUS_WAITING_FOR_EXECUTOR_SLOT);
  std::mt19937_64 random(size);
  operation("grown plan: register a task", [&](size_t) { return world.TasksCall(plan, 1); });
  operation("grown plan: register 500 tasks", [&](size_t) { return world.TasksCall(plan, 500); });
  operation("grown plan: GetTask", [&](size_t) { return GetTaskCall(tasks[random() % size]); });
  operation("grown plan: 500 waiting tasks", [&](size_t) { return Call{kQueryTasks, Serialize(page)}; });
  operation("grown plan: IsPlanRunning", [&](size_t) {
    return Call{"/orchestrator.ComputePlanService/IsPlanRunning", Serialize(is_running)};
  });
  // Tasks that no smaller size has taken: the last ones.
  const auto last = [&](size_t i) { return tasks[size - 1 - i]; };
  operation("grown plan: EXECUTING", [&](size_t i) { return ActionCall(last(i), pb::TASK_ACTION_EXECUTING); });
  operation("grown plan: RegisterModels", [&](size_t i) { return ModelCall(last(i)); });
  operation("grown plan: DONE", [&](size_t i) { return ActionCall(last(i), pb::TASK_ACTION_DONE); });
}

void EventsOfSize(const World& world, const std::vector<std::string>& keys, size_t size, size_t count) {
  const auto operation = [&](const char* scenario, const std::function<Call(size_t)>& make) {
    Operation(world, scenario, size, "events", count, make);
  };
  const auto page = [](pb::SortOrder order) {
    pb::QueryEventsParam param;
    param.set_page_size(500);
    param.set_sort(order);
    return Call{kQueryEvents, Serialize(param)};
  };
  std::mt19937_64 random(size);
  operation("history: newest 500 events", [&](size_t) { return page(pb::DESCENDING); });
  operation("history: oldest 500 events", [&](size_t) { return page(pb::ASCENDING); });
  operation("history: events of one asset", [&](size_t) {
    pb::QueryEventsParam param;
    param.mutable_filter()->set_asset_key(keys[random() % keys.size()]);
    return Call{kQueryEvents, Serialize(param)};
  });
  Subscribe(world, size, count);
  operation("history: register a sample", [&](size_t) { return SamplesCall(1); });
  operation("history: register 500 samples", [&](size_t) { return SamplesCall(500); });
}

}  // namespace

void TaskGrowth(const Bench& bench) {
  const size_t count = std::min<size_t>(50, bench.Scaled(50));
  const World world = bench.NewWorld();
  const std::string plan = world.NewPlan();
  std::vector<std::string> tasks;
  for (size_t size = std::min<size_t>(1'000, bench.Scaled(1'000)); size <= bench.Scaled(100'000); size *= 10) {
    const std::vector<std::string> more = world.RegisterTasks(plan, size - tasks.size());
    tasks.insert(tasks.end(), more.begin(), more.end());
    TasksOfSize(world, plan, tasks, count);
  }
}

// Samples are the smallest assets whose number has no bound, and each has one event.
void EventGrowth(const Bench& bench) {
  const size_t count = std::min<size_t>(50, bench.Scaled(50));
  const World world = bench.NewWorld();
  size_t events = 0;
  std::vector<std::string> keys;
  for (size_t size = std::min<size_t>(10'000, bench.Scaled(10'000)); size <= bench.Scaled(1'000'000); size *= 10) {
    while (events < size) {
      std::vector<std::string> registered;
      Require(world.caller(), SamplesCall(std::min<size_t>(5'000, size - events), &registered));
      events += registered.size();
      keys.push_back(registered.front());
    }
    EventsOfSize(world, keys, size, count);
  }
}

}  // namespace bench
