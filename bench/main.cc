// orchestrator_bench ADDRESS ORGANIZATION CHANNEL: runs the scenarios against a server and prints one JSON object per
// figure, a line each: {"scenario", "value", "unit", "failures", "p50_ms", "p99_ms"}.
#include <algorithm>
#include <cstdio>
#include <thread>

#include "load.h"

namespace bench {
namespace {

double Percentile(const std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0 : sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void Print(const char* scenario, double value, const char* unit, const Outcome& outcome) {
  std::printf(R"({"scenario":"%s","value":%.3f,"unit":"%s","failures":%zu,"p50_ms":%.3f,"p99_ms":%.3f})"
              "\n",
              scenario, value, unit, outcome.failures, Percentile(outcome.latencies_ms, 0.5),
              Percentile(outcome.latencies_ms, 0.99));
  std::fflush(stdout);
}

void PrintRate(const char* scenario, const Outcome& outcome, const char* unit = "calls/s", size_t per_call = 1) {
  Print(scenario, static_cast<double>(outcome.calls * per_call) / outcome.seconds, unit, outcome);
}

grpc::Status RegisterOne(World& world, const std::string& plan) {
  pb::RegisterTasksParam param;
  *param.add_tasks() = world.NewTask(plan);
  pb::RegisterTasksResponse response;
  return world.client().tasks().RegisterTasks(world.client().Context().get(), param, &response);
}

void SingleRegistrations(World& world) {
  const std::string plan = world.NewPlan();
  PrintRate("single registrations, 1 at a time", Run(1, 2'000, [&](size_t) { return RegisterOne(world, plan); }));
  PrintRate("single registrations, 32 at once", Run(32, 30'000, [&](size_t) { return RegisterOne(world, plan); }));
}

void Batches(World& world, const char* scenario, size_t per_call, size_t calls) {
  const std::string plan = world.NewPlan();
  std::vector<pb::RegisterTasksParam> params(calls);
  for (pb::RegisterTasksParam& param : params) {
    for (size_t i = 0; i < per_call; ++i) *param.add_tasks() = world.NewTask(plan);
  }
  const Outcome outcome = Run(1, calls, [&](size_t i) {
    pb::RegisterTasksResponse response;
    return world.client().tasks().RegisterTasks(world.client().Context().get(), params[i], &response);
  });
  PrintRate(scenario, outcome, "tasks/s", per_call);
}

// A plan of 100,000 tasks: the time of the last tenth over that of the first.
void Growth(World& world) {
  const std::string plan = world.NewPlan();
  const auto tenth = [&] {
    const auto started = std::chrono::steady_clock::now();
    world.RegisterTasks(plan, 10'000, 500);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  };
  const double first = tenth();
  for (int i = 0; i < 8; ++i) tenth();
  Print("plan of 100,000 tasks: last tenth / first tenth", tenth() / first, "ratio", {});
}

void Lifecycle(World& world) {
  const std::vector<std::string> tasks = world.RegisterTasks(world.NewPlan(), 20'000, 500);
  PrintRate("EXECUTING, 32 at once",
            Run(32, tasks.size(), [&](size_t i) { return world.Apply(tasks[i], pb::TASK_ACTION_EXECUTING); }));
  PrintRate("RegisterModels, 32 at once",
            Run(32, tasks.size(), [&](size_t i) { return world.RegisterModel(tasks[i]); }));
  PrintRate("DONE, 32 at once",
            Run(32, tasks.size(), [&](size_t i) { return world.Apply(tasks[i], pb::TASK_ACTION_DONE); }));
  PrintRate("GetTask, 32 at once", Run(32, 50'000, [&](size_t i) {
              pb::GetTaskParam param;
              param.set_key(tasks[i % tasks.size()]);
              pb::ComputeTask task;
              return world.client().tasks().GetTask(world.client().Context().get(), param, &task);
            }));
}

void FanOut(World& world) {
  std::vector<double> times;
  for (int round = 0; round < 5; ++round) {
    const std::string plan = world.NewPlan();
    const std::string parent = world.RegisterTasks(plan, 1, 1).front();
    pb::RegisterTasksParam children;
    for (int i = 0; i < 1000; ++i) *children.add_tasks() = world.NewTask(plan, {parent});
    pb::RegisterTasksResponse response;
    world.client().tasks().RegisterTasks(world.client().Context().get(), children, &response);
    world.Apply(parent, pb::TASK_ACTION_EXECUTING);
    const Outcome outcome = Run(1, 1, [&](size_t) { return world.Apply(parent, pb::TASK_ACTION_DONE); });
    times.push_back(outcome.seconds * 1000);
  }
  std::sort(times.begin(), times.end());
  Print("DONE with 1,000 waiting children, median of 5", times[2], "ms", {});
}

// Reads all tasks by pages of 500: the last ten pages over the first ten.
void Pages(World& world) {
  std::vector<double> times;
  pb::QueryTasksParam param;
  param.set_page_size(500);
  do {
    pb::QueryTasksResponse response;
    const auto started = std::chrono::steady_clock::now();
    if (!world.client().tasks().QueryTasks(world.client().Context().get(), param, &response).ok()) return;
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    param.set_page_token(response.next_page_token());
  } while (!param.page_token().empty());
  const auto sum = [](auto first, auto last) {
    double total = 0;
    for (; first != last; ++first) total += *first;
    return total;
  };
  Print("all tasks by pages of 500: last ten pages / first ten",
        sum(times.end() - 11, times.end() - 1) / sum(times.begin(), times.begin() + 10), "ratio", {});
}

// The whole history, read by some subscribers at once.
void Replay(const std::string& address, const std::string& organization, const std::string& channel,
            const char* scenario, size_t subscribers, size_t events) {
  const Outcome outcome = Run(subscribers, subscribers, [&](size_t) {
    Client client(address, organization, channel);
    const auto context = client.Context();
    const auto stream = client.events().SubscribeToEvents(context.get(), {});
    pb::Event event;
    for (size_t i = 0; i < events; ++i) {
      if (!stream->Read(&event)) return grpc::Status(grpc::StatusCode::ABORTED, "the stream ended");
    }
    context->TryCancel();
    while (stream->Read(&event)) {
    }
    stream->Finish();
    return grpc::Status::OK;
  });
  PrintRate(scenario, outcome, "events/s", events);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: orchestrator_bench ADDRESS ORGANIZATION CHANNEL\n");
    return 2;
  }
  bench::World world(argv[1], argv[2], argv[3]);
  bench::SingleRegistrations(world);
  bench::Batches(world, "RegisterTasks, 500 per call", 500, 60);
  bench::Batches(world, "RegisterTasks, 5,000 in one call", 5'000, 6);
  bench::Growth(world);
  bench::Lifecycle(world);
  bench::FanOut(world);
  bench::Pages(world);
  constexpr size_t kEvents = 200'000;  // fewer than the scenarios before have made
  bench::Replay(argv[1], argv[2], argv[3], "replay, 1 subscriber", 1, kEvents);
  bench::Replay(argv[1], argv[2], argv[3], "replay, 10 subscribers", 10, kEvents);
  return 0;
}
