// A network at work, for as long as one likes: every organization works in every channel, at a steady pace, while in
// each channel somebody reads all tasks again and again, one subscriber follows at once and another lags behind; and in
// the first channel one organization registers tasks in bulk, which none of the others should feel.
//
// At the end the lagging subscribers catch up, and what both have seen is held against what the server has
// acknowledged. Not thread-safe; one thread does it all.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "histogram.h"
#include "measure.h"
#include "requests.h"

namespace bench {

enum class MixedCall { kPlan, kTasks, kExecuting, kModels, kDone, kPage, kBulk };
inline constexpr size_t kMixedCalls = 7;

// What happened in one channel, as counted by acknowledged calls or by seen events.
struct Tally {
  uint64_t plans = 0;
  uint64_t tasks = 0;
  uint64_t executing = 0;
  uint64_t models = 0;
  uint64_t done = 0;

  bool operator==(const Tally&) const = default;
  uint64_t sum() const { return plans + tasks + executing + models + done; }
};

// What a subscriber has seen.
struct Seen {
  Tally tally;
  uint64_t events = 0;
  uint64_t order = 0;  // a hash of all ids in their order
  std::string last_id;
};

struct MixedChannel {
  std::vector<std::unique_ptr<World>> worlds;  // of each organization
  Tally acknowledged;
  std::string page_token;
  std::array<Seen, 2> seen;  // at once; lagging
  std::array<std::unique_ptr<Subscription>, 2> subscriptions;
  Histogram latencies;
};

// An organization in a channel: registers four tasks that depend on each other, carries them out, begins again.
struct Worker {
  size_t channel = 0;
  size_t organization = 0;
  std::string plan;  // empty: to be registered
  std::array<std::string, 4> tasks;
  size_t step = 0;  // of a round
  size_t rounds = 0;
};

class Mix {
 public:
  // Registers organizations and functions.
  Mix(const std::string& address, const std::vector<std::string>& channels,
      const std::vector<std::string>& organizations);

  // Works for so long, and prints a figure for each of `intervals` equal parts of the time.
  void Work(double seconds, size_t intervals);
  // Lets the subscribers see all that has happened, within a minute or two.
  void CatchUp();
  // Prints a figure for each kind of call, channel and organization, and what is missing.
  void Report() const;

 private:
  void Start(MixedCall kind, size_t channel, size_t organization, const Call& call, std::function<void(Reply&)> done);
  void After(double seconds, std::function<void()> action);
  void Step(Worker& worker);
  Call NextCall(Worker& worker, MixedCall& kind);
  void Acknowledge(Worker& worker, MixedCall kind);
  void ReadPage(size_t channel);
  void RegisterInBulk();
  void Subscribe(const std::string& address, const std::string& organization, const std::string& channel,
                 size_t number);
  void See(const grpc::ByteBuffer& bytes, Seen& seen, bool lagging);
  bool AllSeen(const std::vector<std::string>& last_ids) const;

  Loop loop_;
  std::deque<MixedChannel> channels_;
  std::deque<Worker> workers_;
  std::vector<Histogram> of_organizations_;
  std::array<Histogram, kMixedCalls> of_calls_;
  Histogram deliveries_;  // from the time of the commit, by the server's clock
  Outcome interval_;
  size_t failures_ = 0;
  size_t under_way_ = 0;
  std::chrono::system_clock::time_point working_since_ = std::chrono::system_clock::time_point::max();
  bool stopping_ = false;
};

}  // namespace bench
