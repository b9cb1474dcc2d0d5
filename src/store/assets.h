// Assets as messages: between the rows a store keeps and the messages of the contract. Pure but for the look-ups, which
// fail as the Snapshot does. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "computeplan.pb.h"
#include "datamanager.pb.h"
#include "datasample.pb.h"
#include "failure_report.pb.h"
#include "function.pb.h"
#include "model.pb.h"
#include "organization.pb.h"
#include "performance.pb.h"
#include "store/store.h"

namespace orc {

// What an asset type is called: its kind, and the <KIND> of error texts (behaviour.md 0).
template <class T>
struct AssetType;

#define ORC_ASSET_TYPE(Message, Kind, Name)                              \
  template <>                                                            \
  struct AssetType<orchestrator::Message> {                              \
    static constexpr orchestrator::AssetKind kKind = orchestrator::Kind; \
    static constexpr std::string_view kName = Name;                      \
  };
ORC_ASSET_TYPE(Organization, ASSET_ORGANIZATION, "organization")
ORC_ASSET_TYPE(Function, ASSET_FUNCTION, "function")
ORC_ASSET_TYPE(DataManager, ASSET_DATA_MANAGER, "datamanager")
ORC_ASSET_TYPE(DataSample, ASSET_DATA_SAMPLE, "datasample")
ORC_ASSET_TYPE(ComputePlan, ASSET_COMPUTE_PLAN, "computeplan")
ORC_ASSET_TYPE(ComputeTask, ASSET_COMPUTE_TASK, "computetask")
ORC_ASSET_TYPE(Model, ASSET_MODEL, "model")
ORC_ASSET_TYPE(Performance, ASSET_PERFORMANCE, "performance")
ORC_ASSET_TYPE(FailureReport, ASSET_FAILURE_REPORT, "failurereport")
#undef ORC_ASSET_TYPE

// An asset with its place in lists.
template <class T>
struct Stored {
  int64_t order = 0;
  T asset;
};

// `<task>|<output>`, the key of a performance.
std::string PerformanceKey(std::string_view task, std::string_view output);

// AssetRow::key of an asset.
std::string StoreKey(const orchestrator::Organization& asset);
std::string StoreKey(const orchestrator::Function& asset);
std::string StoreKey(const orchestrator::DataManager& asset);
std::string StoreKey(const orchestrator::DataSample& asset);
std::string StoreKey(const orchestrator::ComputePlan& asset);
std::string StoreKey(const orchestrator::Model& asset);
std::string StoreKey(const orchestrator::Performance& asset);
std::string StoreKey(const orchestrator::FailureReport& asset);

// AssetRow::key of the asset that has this Key.
inline std::string StoreKey(const Key& key) {
  return std::string(key.Raw());
}

// AssetRow::group and AssetRow::label of an asset; empty for kinds without.
template <class T>
std::string GroupOf(const T&) {
  return {};
}
template <class T>
std::string LabelOf(const T&) {
  return {};
}
std::string GroupOf(const orchestrator::ComputePlan& asset);
std::string GroupOf(const orchestrator::Model& asset);
std::string GroupOf(const orchestrator::Performance& asset);
std::string LabelOf(const orchestrator::Performance& asset);

// kInternal: a stored message that cannot be read.
tl::unexpected<Error> Unreadable(std::string_view name, int64_t order);

template <class T>
AssetRow Encode(int64_t order, const T& asset) {
  return AssetRow{AssetType<T>::kKind, order,          StoreKey(asset),
                  GroupOf(asset),      LabelOf(asset), asset.SerializeAsString()};
}

// Unknown fields are ignored. Fails with kInternal.
template <class T>
Result<void> Decode(const AssetRow& row, T& asset) {
  if (!asset.ParseFromString(row.body)) return Unreadable(AssetType<T>::kName, row.order);
  return {};
}
// The task as clients see it, status included.
Result<void> Decode(const FullTaskRow& row, orchestrator::ComputeTask& task);

// The asset with this AssetRow::key; kNotFound, naming `key` as the client wrote it.
template <class T>
Result<Stored<T>> Get(Snapshot& snapshot, const std::string& store_key, std::string_view key) {
  ORC_ASSIGN(const std::vector<AssetRow> rows,
             snapshot.FindAssets(AssetType<T>::kKind, std::span<const std::string>(&store_key, 1)));
  if (rows.empty()) return NotFound(AssetType<T>::kName, key);
  Stored<T> found{rows[0].order, {}};
  ORC_TRY(Decode(rows[0], found.asset));
  return found;
}

// The same for a task.
Result<orchestrator::ComputeTask> GetTask(Snapshot& snapshot, const Key& task, std::string_view key);

}  // namespace orc
