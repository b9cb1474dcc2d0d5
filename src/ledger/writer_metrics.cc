#include "ledger/writer_metrics.h"

namespace orc {

void WriterMetrics::Committed(const TaskTally& tally) {
  if (tally.registered > 0) {
    tasks_registered.Add(tally.registered);
    registration_size.Observe(static_cast<double>(tally.registered));
  }
  for (size_t status = 0; status < tally.updated.size(); ++status) {
    if (tally.updated[status] > 0) tasks_updated[status].Add(tally.updated[status]);
  }
  const int64_t released = tally.updated[orchestrator::STATUS_WAITING_FOR_EXECUTOR_SLOT];
  if (released > 0) release_size.Observe(static_cast<double>(released));
}

}  // namespace orc
