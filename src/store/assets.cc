#include "store/assets.h"

#include "domain/assert.h"

namespace orc {
namespace {

// Keys inside assets were validated before they were stored.
std::string RawKey(const std::string& canonical) {
  const std::optional<Key> key = Key::FromCanonical(canonical);
  ORC_ASSERT(key.has_value());
  return std::string(key->Raw());
}

}  // namespace

std::string PerformanceKey(std::string_view task, std::string_view output) {
  return std::string(task).append("|").append(output);
}

std::string StoreKey(const orchestrator::Organization& asset) {
  return asset.id();
}
std::string StoreKey(const orchestrator::Function& asset) {
  return RawKey(asset.key());
}
std::string StoreKey(const orchestrator::DataManager& asset) {
  return RawKey(asset.key());
}
std::string StoreKey(const orchestrator::DataSample& asset) {
  return RawKey(asset.key());
}
std::string StoreKey(const orchestrator::ComputePlan& asset) {
  return RawKey(asset.key());
}
std::string StoreKey(const orchestrator::Model& asset) {
  return RawKey(asset.key());
}
std::string StoreKey(const orchestrator::FailureReport& asset) {
  return RawKey(asset.asset_key());
}
std::string StoreKey(const orchestrator::Performance& asset) {
  return PerformanceKey(asset.compute_task_key(), asset.compute_task_output_identifier());
}

std::string GroupOf(const orchestrator::ComputePlan& asset) {
  return asset.owner();
}
std::string GroupOf(const orchestrator::Model& asset) {
  return RawKey(asset.compute_task_key());
}
std::string GroupOf(const orchestrator::Performance& asset) {
  return RawKey(asset.compute_task_key());
}
std::string LabelOf(const orchestrator::Performance& asset) {
  return asset.compute_task_output_identifier();
}

tl::unexpected<Error> Unreadable(std::string_view name, int64_t order) {
  return Fail(ErrorKind::kInternal,
              "stored " + std::string(name) + " number " + std::to_string(order) + " cannot be read");
}

Result<void> Decode(const FullTaskRow& row, orchestrator::ComputeTask& task) {
  if (!task.ParseFromString(row.body)) {
    return Unreadable(AssetType<orchestrator::ComputeTask>::kName, row.row.order);
  }
  task.set_status(row.row.status);
  return {};
}

Result<orchestrator::ComputeTask> GetTask(Snapshot& snapshot, const Key& task, std::string_view key) {
  ORC_ASSIGN(const std::vector<FullTaskRow> rows, snapshot.FindTasks(std::span<const Key>(&task, 1)));
  if (rows.empty()) return NotFound(AssetType<orchestrator::ComputeTask>::kName, key);
  orchestrator::ComputeTask found;
  ORC_TRY(Decode(rows[0], found));
  return found;
}

}  // namespace orc
