// What it costs to look, and to follow.
#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <unordered_map>

#include "event.pb.h"
#include "follow.h"
#include "measure.h"
#include "scenarios.h"

namespace bench {
namespace {

constexpr double kSeconds = 2;
constexpr double kMostSeconds = 60;  // where the work is fixed: for servers that are slow

using TimeOfCall = std::atomic<Clock::rep>;

// Makes the calls at `per_second`, whatever becomes of those before, and notes when each was due.
Outcome RunPaced(const Caller& caller, double per_second, const std::vector<Call>& calls,
                 std::vector<TimeOfCall>& due) {
  Loop loop;
  Outcome outcome;
  size_t answers = 0;
  const auto started = Clock::now();
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto time = started + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(static_cast<double>(i) / per_second));
    loop.At(time, [&, i, time] {
      due[i] = time.time_since_epoch().count();
      loop.Start(caller, calls[i], [&](Reply& reply) {
        ++answers;
        if (!reply.status.ok()) ++outcome.failures;
      });
    });
  }
  loop.RunWhile([&] { return answers < calls.size(); });
  outcome.seconds = SecondsSince(started);
  outcome.calls = calls.size();
  return outcome;
}

// `writes` transitions of tasks at `per_second`, and the time from when each was due until each of `subscribers` has
// it.
void LiveAt(const Bench& bench, const World& world, size_t subscribers, size_t per_second, size_t writes) {
  const std::vector<std::string> tasks = world.RegisterTasks(world.NewPlan(), std::max<size_t>(2, writes));
  std::vector<Call> calls;
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < writes; ++i) {
    calls.push_back(ActionCall(tasks[i], pb::TASK_ACTION_EXECUTING));
    places.emplace(tasks[i], i);
  }
  std::vector<TimeOfCall> due(writes);
  std::atomic<size_t> ready = 0;
  std::vector<size_t> delivered(subscribers);
  std::array<Histogram, kFollowThreads> latencies;
  // Each is sent the newest event of the past first, and so known to be there before the first write.
  std::vector<char> begun(subscribers);
  std::thread followers([&] {
    Follow(
        subscribers, [&] { return bench.NewCaller(); }, SubscribeCall(NewestEvents(world.caller(), 2).back()),
        kMostSeconds,
        [&](size_t subscriber, const grpc::ByteBuffer& event) {
          if (!begun[subscriber]) {
            begun[subscriber] = 1;
            ++ready;
            return true;
          }
          const auto found = places.find(TextField(event, pb::Event::kAssetKeyFieldNumber));
          if (found == places.end()) return true;
          const Clock::duration took = Clock::now().time_since_epoch() - Clock::duration(due[found->second].load());
          latencies[subscriber % kFollowThreads].Add(std::chrono::duration<double, std::milli>(took).count());
          return ++delivered[subscriber] < writes;
        });
  });
  while (ready < subscribers) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const Measurement measurement("live", per_second, "writes per second");
  Outcome outcome = RunPaced(world.caller(), static_cast<double>(per_second), calls, due);
  followers.join();
  for (const size_t count : delivered) outcome.failures += writes - count;
  for (const Histogram& histogram : latencies) outcome.latencies.Add(histogram);
  measurement.Print(outcome.latencies.Percentile(0.99), "ms", outcome.latencies.count(), outcome);
}

}  // namespace

void GetTask(const Bench& bench) {
  const World world = bench.NewWorld();
  const std::vector<std::string> tasks = world.RegisterTasks(world.NewPlan(), bench.Scaled(20'000));
  std::mt19937_64 random(1);
  std::vector<Call> calls;
  for (size_t i = 0; i < tasks.size(); ++i) calls.push_back(GetTaskCall(tasks[random() % tasks.size()]));
  for (const size_t in_flight : {1, 2, 4, 8, 16, 32, 64}) {
    const Measurement measurement("get-task", in_flight, "calls at once");
    const Outcome outcome = Run(world.caller(), in_flight, bench.Scaled(200'000), bench.ScaledSeconds(kSeconds),
                                [&](size_t i) { return calls[i % calls.size()]; });
    measurement.PrintRate("calls/s", outcome.calls, outcome);
  }
}

// The median time of a page in the last tenth over that in the first is the figure; the tenths are its plot.
void Pages(const Bench& bench) {
  constexpr size_t kPage = 500;
  const World world = bench.NewWorld();
  const size_t pages_of_tenth = bench.Scaled(20);
  const size_t tasks = 10 * pages_of_tenth * kPage;
  world.RegisterTasks(world.NewPlan(), tasks);
  pb::QueryTasksParam param;
  param.set_page_size(kPage);
  std::vector<double> medians;
  for (size_t tenth = 1; tenth <= 10; ++tenth) {
    const Measurement measurement("pages", tasks / 10 * tenth, "tasks read");
    const Outcome outcome = Run(
        world.caller(), 1, pages_of_tenth, kMostSeconds,
        [&](size_t) {
          return Call{kQueryTasks, Serialize(param)};
        },
        [&](const Reply& reply) {
          param.set_page_token(TextField(reply.response, pb::QueryTasksResponse::kNextPageTokenFieldNumber));
        });
    measurement.PrintRate("tasks/s", pages_of_tenth * kPage, outcome);
    medians.push_back(outcome.latencies.Percentile(0.5));
  }
  Measurement("pages, last tenth / first", tasks, "tasks read").Print(medians.back() / medians.front(), "ratio", 0, {});
}

void Replay(const Bench& bench) {
  const World world = bench.NewWorld();
  const size_t events = bench.Scaled(200'000);
  world.RegisterTasks(world.NewPlan(), events);  // and an event for each
  for (const size_t subscribers : {1, 2, 5, 10}) {
    std::vector<size_t> seen(subscribers);
    std::array<size_t, kFollowThreads> bytes{};
    const Measurement measurement("replay", subscribers, "subscribers");
    Outcome outcome;
    outcome.failures = Follow(
        subscribers, [&] { return bench.NewCaller(); }, SubscribeCall(""), kMostSeconds,
        [&](size_t subscriber, const grpc::ByteBuffer& event) {
          bytes[subscriber % kFollowThreads] += event.Length();
          return ++seen[subscriber] < events;
        });
    outcome.seconds = measurement.Seconds();
    outcome.in_flight = subscribers;
    size_t total = 0;
    for (const size_t count : seen) total += count;
    outcome.calls = total;
    for (const size_t count : bytes) outcome.response_bytes += count;
    measurement.PrintRate("events/s", total, outcome);
  }
}

void Live(const Bench& bench) {
  constexpr size_t kSubscribers = 100;
  const World world = bench.NewWorld();
  for (const size_t per_second : {50, 100, 200, 500}) {
    LiveAt(bench, world, bench.Scaled(kSubscribers), per_second, bench.Scaled(per_second * 5));
  }
}

}  // namespace bench
