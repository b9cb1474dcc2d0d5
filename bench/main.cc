// orchestrator_bench [--scale X] ADDRESS ORGANIZATION CHANNEL [SCENARIO...]: runs scenarios against a server that
// admits the organization to the channel, and prints their figures (measure.h). Speaks the wire contract only, so it
// measures any server that does.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios.h"

namespace bench {
namespace {

constexpr std::array kScenarios = {
    Scenario{"registration", "RegisterTasks of one task, by calls at once", true, Registration},
    Scenario{"batch", "RegisterTasks of many tasks, one call at a time", true, Batches},
    Scenario{"plan", "a plan of 100,000 tasks, 500 per call, tenth by tenth", true, Plan},
    Scenario{"lifecycle", "EXECUTING, RegisterModels and DONE, by calls at once", true, Lifecycle},
    Scenario{"fan-out", "DONE of a task, by waiting children", true, FanOut},
    Scenario{"get-task", "GetTask, by calls at once", true, GetTask},
    Scenario{"pages", "all of 100,000 tasks by pages of 500", true, Pages},
    Scenario{"replay", "the whole history, by subscribers", true, Replay},
    Scenario{"live", "from call to delivery with 100 subscribers, by writes per second", true, Live},
    Scenario{"fill", "a plan of a million tasks", false, Fill},
    Scenario{"task-growth", "single operations in a plan of 1,000 to 100,000 tasks", false, TaskGrowth},
    Scenario{"event-growth", "single operations in a channel of 10,000 to 1,000,000 events", false, EventGrowth},
};

int Usage() {
  std::fprintf(stderr, "usage: orchestrator_bench [--scale X] ADDRESS ORGANIZATION CHANNEL [SCENARIO...]\n");
  for (const Scenario& scenario : kScenarios) {
    std::fprintf(stderr, "  %-14s %s%s\n", scenario.name, scenario.what, scenario.usual ? "" : " (if named)");
  }
  return 2;
}

int Main(std::vector<std::string> arguments) {
  Bench bench;
  if (arguments.size() > 1 && arguments[0] == "--scale") {
    bench.scale = std::atof(arguments[1].c_str());
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  if (arguments.size() < 3 || bench.scale <= 0) return Usage();
  bench.address = arguments[0];
  bench.organization = arguments[1];
  bench.channel = arguments[2];
  std::vector<const Scenario*> chosen;
  for (const Scenario& scenario : kScenarios) {
    if (arguments.size() == 3 && scenario.usual) chosen.push_back(&scenario);
  }
  for (size_t i = 3; i < arguments.size(); ++i) {
    const auto* const found = std::find_if(kScenarios.begin(), kScenarios.end(),
                                           [&](const Scenario& scenario) { return arguments[i] == scenario.name; });
    if (found == kScenarios.end()) return Usage();
    chosen.push_back(found);
  }
  for (const Scenario* const scenario : chosen) scenario->run(bench);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main({argv + 1, argv + argc});
}
