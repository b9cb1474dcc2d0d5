// The scenarios, which main.cc names. Each builds what it needs in the channel it is given, so that it can run alone
// and in any order.
#pragma once

#include <algorithm>
#include <string>

#include "requests.h"

namespace bench {

struct Bench {
  std::string address;
  std::string organization;
  std::string channel;
  double scale = 1;  // of the numbers of calls and tasks, and of the time that is spent on a figure

  Caller NewCaller() const { return {address, organization, channel}; }
  World NewWorld() const { return {organization, NewCaller()}; }
  // A number of calls, tasks or seconds at this scale.
  size_t Scaled(size_t number) const {
    return std::max<size_t>(1, static_cast<size_t>(static_cast<double>(number) * scale));
  }
  double ScaledSeconds(double seconds) const { return seconds * std::min(scale, 1.0); }
};

struct Scenario {
  const char* name;
  const char* what;
  bool usual;  // runs when none is named
  void (*run)(const Bench&);
};

// writes.cc
void Registration(const Bench& bench);
void Batches(const Bench& bench);
void Plan(const Bench& bench);
void Lifecycle(const Bench& bench);
void FanOut(const Bench& bench);
void Fill(const Bench& bench);
// reads.cc
void GetTask(const Bench& bench);
void Pages(const Bench& bench);
void Replay(const Bench& bench);
void Live(const Bench& bench);
// growth.cc
void TaskGrowth(const Bench& bench);
void EventGrowth(const Bench& bench);

}  // namespace bench
