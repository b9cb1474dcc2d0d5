// What the pure parts cost alone: validation, sorting, state machines, bytes. Google Benchmark's flags hold.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "domain/assert.h"
#include "domain/key.h"
#include "domain/state_machine.h"
#include "domain/task_graph.h"
#include "domain/validation.h"
#include "event.pb.h"
#include "store/sha256.h"
#include "tests/ledger/requests.h"

namespace orc {
namespace {

// Each task has the one before as its parent.
pb::RegisterTasksParam Registration(int64_t tasks) {
  std::vector<pb::NewComputeTask> all;
  for (int64_t i = 1; i <= tasks; ++i) {
    std::vector<std::string> parents;
    if (i > 1) parents.push_back(KeyText(i - 1));
    all.push_back(TaskRequest(KeyText(i), KeyText(1'000'001), KeyText(1'000'002), "WorkerMSP", parents));
  }
  return TasksRequest(std::move(all));
}

pb::Event TaskEvent() {
  pb::Event event;
  event.set_id(KeyText(1));
  event.set_asset_key(KeyText(2));
  event.set_asset_kind(pb::ASSET_COMPUTE_TASK);
  event.set_event_kind(pb::EVENT_ASSET_CREATED);
  event.set_channel("channel");
  event.mutable_timestamp()->set_seconds(1'700'000'000);
  pb::ComputeTask& task = *event.mutable_compute_task();
  task.set_key(KeyText(2));
  task.set_owner("OwnerMSP");
  task.set_compute_plan_key(KeyText(3));
  task.set_function_key(KeyText(4));
  task.set_worker("WorkerMSP");
  (*task.mutable_metadata())["round"] = "first";
  (*task.mutable_outputs())["model"].mutable_permissions()->mutable_process()->set_public_(true);
  return event;
}

void ValidateTasks(benchmark::State& state) {
  const pb::RegisterTasksParam request = Registration(state.range(0));
  ORC_ASSERT(Validate(request));
  for (auto _ : state) benchmark::DoNotOptimize(Validate(request));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ValidateTasks)->Arg(1)->Arg(500)->Arg(5'000);

void Sort(benchmark::State& state, const std::vector<GraphNode>& nodes) {
  const auto nothing_is_stored = [](const Key&) { return false; };
  ORC_ASSERT(SortTasks(nodes, nothing_is_stored));
  for (auto _ : state) benchmark::DoNotOptimize(SortTasks(nodes, nothing_is_stored));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void SortChainGivenBackwards(benchmark::State& state) {
  std::vector<GraphNode> nodes;
  for (int64_t i = state.range(0); i > 0; --i) {
    nodes.push_back({TestKey(i), i == 1 ? std::vector<Key>{} : std::vector<Key>{TestKey(i - 1)}});
  }
  Sort(state, nodes);
}
BENCHMARK(SortChainGivenBackwards)->Arg(500)->Arg(5'000)->Arg(50'000);

void SortRoundsOfTenTasks(benchmark::State& state) {
  std::vector<GraphNode> nodes;
  for (int64_t i = 0; i < state.range(0); ++i) {
    std::vector<Key> parents;
    for (int64_t j = i / 10 * 10 - 10; j >= 0 && j < i / 10 * 10; ++j) parents.push_back(TestKey(j));
    nodes.push_back({TestKey(i), parents});
  }
  Sort(state, nodes);
}
BENCHMARK(SortRoundsOfTenTasks)->Arg(500)->Arg(5'000)->Arg(50'000);

void TransitionAllowed(benchmark::State& state) {
  ORC_ASSERT(Next(pb::STATUS_EXECUTING, TaskTransition::kDone));
  for (auto _ : state) benchmark::DoNotOptimize(Next(pb::STATUS_EXECUTING, TaskTransition::kDone));
}
BENCHMARK(TransitionAllowed);

void TransitionRefused(benchmark::State& state) {
  ORC_ASSERT(!Next(pb::STATUS_DONE, TaskTransition::kExecuting));
  for (auto _ : state) benchmark::DoNotOptimize(Next(pb::STATUS_DONE, TaskTransition::kExecuting));
}
BENCHMARK(TransitionRefused);

void ParseTasks(benchmark::State& state) {
  const std::string bytes = Registration(state.range(0)).SerializeAsString();
  for (auto _ : state) {
    pb::RegisterTasksParam request;
    benchmark::DoNotOptimize(request.ParseFromString(bytes));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ParseTasks)->Arg(1)->Arg(500)->Arg(5'000);

void SerializeEvent(benchmark::State& state) {
  const pb::Event event = TaskEvent();
  for (auto _ : state) benchmark::DoNotOptimize(event.SerializeAsString());
}
BENCHMARK(SerializeEvent);

void HashEvent(benchmark::State& state) {
  const std::string bytes = TaskEvent().SerializeAsString();
  Sha256 sha256;
  for (auto _ : state) benchmark::DoNotOptimize(sha256.Digest(bytes));
}
BENCHMARK(HashEvent);

void KeyFromText(benchmark::State& state) {
  const std::string text = KeyText(1);
  for (auto _ : state) benchmark::DoNotOptimize(Key::FromCanonical(text));
}
BENCHMARK(KeyFromText);

void KeyToText(benchmark::State& state) {
  const Key key = TestKey(1);
  for (auto _ : state) benchmark::DoNotOptimize(key.ToString());
}
BENCHMARK(KeyToText);

}  // namespace
}  // namespace orc

BENCHMARK_MAIN();
