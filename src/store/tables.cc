#include "store/tables.h"

#include <algorithm>
#include <tuple>

#include "domain/state_machine.h"

namespace orc {
namespace {

std::vector<int> Numbers(const google::protobuf::EnumDescriptor& names) {
  std::vector<int> numbers;
  numbers.reserve(static_cast<size_t>(names.value_count()));
  for (int i = 0; i < names.value_count(); ++i) numbers.push_back(names.value(i)->number());
  return numbers;
}

}  // namespace

const std::vector<AssetColumns>& AllAssetColumns() {
  static const std::vector<AssetColumns> columns = {
      {orchestrator::ASSET_ORGANIZATION, "organizations", false, false},
      {orchestrator::ASSET_FUNCTION, "functions", false, false},
      {orchestrator::ASSET_DATA_MANAGER, "data_managers", false, false},
      {orchestrator::ASSET_DATA_SAMPLE, "data_samples", false, false},
      {orchestrator::ASSET_COMPUTE_PLAN, "compute_plans", true, false},
      {orchestrator::ASSET_MODEL, "models", true, false},
      {orchestrator::ASSET_PERFORMANCE, "performances", true, true},
      {orchestrator::ASSET_FAILURE_REPORT, "failure_reports", false, false},
  };
  return columns;
}

const std::vector<int>& TaskStatuses() {
  static const std::vector<int> numbers = Numbers(*orchestrator::ComputeTaskStatus_descriptor());
  return numbers;
}

const std::vector<int>& AssetKinds() {
  static const std::vector<int> numbers = Numbers(*orchestrator::AssetKind_descriptor());
  return numbers;
}

const std::vector<int>& EventKinds() {
  static const std::vector<int> numbers = Numbers(*orchestrator::EventKind_descriptor());
  return numbers;
}

std::string UnfinishedStatuses() {
  std::string list;
  for (const int status : TaskStatuses()) {
    if (IsFinal(static_cast<orchestrator::ComputeTaskStatus>(status))) continue;
    list.append(list.empty() ? "" : ",").append(std::to_string(status));
  }
  return list;
}

void SortByRank(std::vector<TaskRef>& tasks) {
  std::sort(tasks.begin(), tasks.end(), [](const TaskRef& left, const TaskRef& right) {
    return std::tie(left.rank, left.order) < std::tie(right.rank, right.order);
  });
}

}  // namespace orc
