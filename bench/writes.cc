// What it costs to change something.
#include "measure.h"
#include "scenarios.h"

namespace bench {
namespace {

constexpr size_t kMostCalls = 40'000;  // of a figure; all are serialized before its clock starts
constexpr double kSeconds = 2;
constexpr double kMostSeconds = 30;  // where the work is fixed: for servers that are slow

std::vector<Call> Prepare(size_t count, const std::function<Call(size_t)>& make) {
  std::vector<Call> calls;
  calls.reserve(count);
  for (size_t i = 0; i < count; ++i) calls.push_back(make(i));
  return calls;
}

Outcome RunAll(const Caller& caller, size_t in_flight, double most_seconds, const std::vector<Call>& calls) {
  return Run(caller, in_flight, calls.size(), most_seconds, [&](size_t i) { return calls[i]; });
}

}  // namespace

void Registration(const Bench& bench) {
  const World world = bench.NewWorld();
  const std::string plan = world.NewPlan();
  for (const size_t in_flight : {1, 2, 4, 8, 16, 32, 64}) {
    const auto calls = Prepare(bench.Scaled(kMostCalls), [&](size_t) { return world.TasksCall(plan, 1); });
    const Measurement measurement("registration", in_flight, "calls at once");
    const Outcome outcome = RunAll(world.caller(), in_flight, bench.ScaledSeconds(kSeconds), calls);
    measurement.PrintRate("calls/s", outcome.calls, outcome);
  }
}

void Batches(const Bench& bench) {
  const World world = bench.NewWorld();
  for (const size_t per_call : {1, 10, 100, 500, 1'000, 5'000}) {
    const std::string plan = world.NewPlan();
    const auto calls = Prepare(std::max<size_t>(2, bench.Scaled(100'000) / per_call),
                               [&](size_t) { return world.TasksCall(plan, per_call); });
    const Measurement measurement("batch", per_call, "tasks per call");
    const Outcome outcome = RunAll(world.caller(), 1, bench.ScaledSeconds(kSeconds), calls);
    measurement.PrintRate("tasks/s", outcome.calls * per_call, outcome);
  }
}

// The time of the last tenth over that of the first is the figure; the tenths are its plot.
void Plan(const Bench& bench) {
  constexpr size_t kPerCall = 500;
  const World world = bench.NewWorld();
  const std::string plan = world.NewPlan();
  const size_t calls_per_tenth = bench.Scaled(20);
  std::vector<double> rates;
  size_t tasks = 0;
  for (int tenth = 0; tenth < 10; ++tenth) {
    const auto calls = Prepare(calls_per_tenth, [&](size_t) { return world.TasksCall(plan, kPerCall); });
    tasks += calls.size() * kPerCall;
    const Measurement measurement("plan", tasks, "tasks in the plan");
    const Outcome outcome = RunAll(world.caller(), 1, kMostSeconds, calls);
    measurement.PrintRate("tasks/s", outcome.calls * kPerCall, outcome);
    rates.push_back(static_cast<double>(outcome.calls) / outcome.seconds);
  }
  Measurement("plan, last tenth / first", tasks, "tasks in the plan")
      .Print(rates.front() / rates.back(), "ratio", 0, {});
}

void Lifecycle(const Bench& bench) {
  const World world = bench.NewWorld();
  for (const size_t in_flight : {1, 8, 32}) {
    size_t count = bench.Scaled(in_flight == 1 ? 2'000 : 20'000);
    const std::vector<std::string> tasks = world.RegisterTasks(world.NewPlan(), count);
    const auto step = [&](const char* scenario, const std::function<Call(const std::string&)>& make) {
      const auto calls = Prepare(count, [&](size_t i) { return make(tasks[i]); });
      const Measurement measurement(scenario, in_flight, "calls at once");
      const Outcome outcome = RunAll(world.caller(), in_flight, kMostSeconds, calls);
      measurement.PrintRate("calls/s", outcome.calls, outcome);
      count = outcome.calls;  // the next step is for those that made this one
    };
    step("executing", [](const std::string& task) { return ActionCall(task, pb::TASK_ACTION_EXECUTING); });
    step("models", ModelCall);
    step("done", [](const std::string& task) { return ActionCall(task, pb::TASK_ACTION_DONE); });
  }
}

void FanOut(const Bench& bench) {
  constexpr size_t kRounds = 5;
  const World world = bench.NewWorld();
  for (const size_t wanted : {10, 100, 1'000, 4'000}) {
    const size_t children = bench.Scaled(wanted);
    std::vector<Call> calls;
    for (size_t round = 0; round < kRounds; ++round) {
      const std::string plan = world.NewPlan();
      const std::string parent = world.RegisterTasks(plan, 1).front();
      pb::RegisterTasksParam param;
      for (size_t i = 0; i < children; ++i) *param.add_tasks() = world.NewTask(plan, {parent});
      Require(world.caller(), {kRegisterTasks, Serialize(param)});
      Require(world.caller(), ActionCall(parent, pb::TASK_ACTION_EXECUTING));
      Require(world.caller(), ModelCall(parent));
      calls.push_back(ActionCall(parent, pb::TASK_ACTION_DONE));
    }
    const Measurement measurement("fan-out", children, "waiting children");
    const Outcome outcome = RunAll(world.caller(), 1, kMostSeconds, calls);
    measurement.Print(outcome.latencies.Percentile(0.5), "ms", outcome.calls, outcome);
  }
}

void Fill(const Bench& bench) {
  const World world = bench.NewWorld();
  const std::string plan = world.NewPlan();
  const size_t tenth = bench.Scaled(100'000);
  for (size_t tasks = tenth; tasks <= 10 * tenth; tasks += tenth) {
    const Measurement measurement("fill", tasks, "tasks in the plan");
    Outcome outcome;
    world.RegisterTasks(plan, tenth);
    outcome.seconds = measurement.Seconds();
    measurement.PrintRate("tasks/s", tenth, outcome);
  }
}

}  // namespace bench
