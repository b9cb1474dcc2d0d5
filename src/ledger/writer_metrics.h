// What is counted of the changes of a channel (deployment.md 2.8): only what has been committed, so a call that fails
// or a batch that is not written leaves nothing here. Thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "base/metrics.h"
#include "computetask.pb.h"

namespace orc {

// What one command did to tasks.
struct TaskTally {
  int64_t registered = 0;
  std::array<int64_t, orchestrator::ComputeTaskStatus_ARRAYSIZE> updated{};  // by new status

  bool operator==(const TaskTally&) const = default;
};

struct WriterMetrics {
  Counter tasks_registered;
  Histogram registration_size{kSizeBounds};                                      // tasks of a call that registers some
  std::array<Counter, orchestrator::ComputeTaskStatus_ARRAYSIZE> tasks_updated;  // by new status
  // Tasks that one call has let go to STATUS_WAITING_FOR_EXECUTOR_SLOT, if any.
  Histogram release_size{kSizeBounds};
  Histogram batch_size{kBatchBounds};       // calls of a batch that was written, if it changed anything
  Histogram commit_seconds{kCommitBounds};  // of them, in Transaction::Commit
  Counter failed_batches;

  void Committed(const TaskTally& tally);

 private:
  static constexpr std::array kCommitBounds = {.0005, .001, .0025, .005, .01, .025, .05,
                                               .1,    .25,  .5,    1.0,  2.5, 5.0,  10.0};
  static constexpr std::array kBatchBounds = {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 512.0};
};

}  // namespace orc
