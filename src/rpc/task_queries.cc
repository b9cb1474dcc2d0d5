// Queries for compute tasks (behaviour.md 12.11 and 12.12).
#include <unordered_map>

#include "domain/state_machine.h"
#include "domain/text.h"
#include "rpc/query_common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

// Of the inputs of one task. Many inputs may name one output, and an output may have many models: what a task needs can
// be far larger than what was registered.
constexpr size_t kMaxInputBytes = 64 << 20;

// The task that a look-up names.
Result<pb::ComputeTask> LookUpTask(Snapshot& snapshot, const std::string& key) {
  const std::optional<Key> parsed = Key::FromAnyForm(key);
  if (!parsed) return NotFound(AssetType<pb::ComputeTask>::kName, key);
  return GetTask(snapshot, *parsed, key);
}

// Finds the assets that the inputs of one task refer to, each kind in one look-up, and puts them into the answer.
class InputResolver {
 public:
  InputResolver(const pb::ComputeTask& task, const pb::Function& function, Snapshot& snapshot)
      : task_(task), function_(function), snapshot_(snapshot) {}

  Result<void> Resolve(pb::GetTaskInputAssetsResponse& response) {
    ORC_TRY(FindOutputs());
    NameAssets();
    ORC_TRY(Fetch<pb::Model>(models_));
    ORC_TRY(Fetch<pb::DataManager>(managers_));
    ORC_TRY(Fetch<pb::DataSample>(samples_));
    for (const pb::ComputeTaskInput& input : task_.inputs()) {
      ORC_TRY(input.has_asset_key() ? AddAsset(input, response) : AddOutputs(input, response));
    }
    return {};
  }

 private:
  template <class T>
  using Found = std::unordered_map<std::string, std::optional<T>>;

  pb::AssetKind KindOf(const pb::ComputeTaskInput& input) const {
    const auto declared = function_.inputs().find(input.identifier());
    return declared == function_.inputs().end() ? pb::ASSET_UNKNOWN : declared->second.kind();
  }

  Result<void> FindOutputs() {
    std::vector<Key> parents;
    for (const pb::ComputeTaskInput& input : task_.inputs()) {
      if (input.has_asset_key()) continue;
      const Key parent = *Key::FromAnyForm(input.parent_task_output().parent_task_key());
      if (outputs_.try_emplace(parent).second) parents.push_back(parent);
    }
    ORC_ASSIGN(std::vector<OutputRow> rows, snapshot_.FindOutputs(parents));
    for (OutputRow& row : rows) outputs_[row.task].push_back(std::move(row));
    return {};
  }

  void NameAssets() {
    for (const pb::ComputeTaskInput& input : task_.inputs()) {
      if (!input.has_asset_key()) continue;
      const std::string key = StoreKey(*Key::FromAnyForm(input.asset_key()));
      switch (KindOf(input)) {
        case pb::ASSET_MODEL: models_[key]; break;
        case pb::ASSET_DATA_MANAGER: managers_[key]; break;
        case pb::ASSET_DATA_SAMPLE: samples_[key]; break;
        default: break;
      }
    }
    for (const auto& [task, rows] : outputs_) {
      for (const OutputRow& row : rows) {
        if (row.kind == pb::ASSET_MODEL) models_[row.asset_key];
      }
    }
  }

  template <class T>
  Result<void> Fetch(Found<T>& found) {
    std::vector<std::string> keys;
    for (const auto& [key, asset] : found) keys.push_back(key);
    ORC_ASSIGN(const std::vector<AssetRow> rows, snapshot_.FindAssets(AssetType<T>::kKind, keys));
    for (const AssetRow& row : rows) ORC_TRY(Decode(row, found[row.key].emplace()));
    return {};
  }

  template <class T>
  Result<void> Copy(const Found<T>& found, const std::string& key, T& to) {
    const std::optional<T>& asset = found.at(key);
    if (!asset) return NotFound(AssetType<T>::kName, Key::FromRaw(key).ToString());
    to = *asset;
    bytes_ += asset->ByteSizeLong();
    if (bytes_ <= kMaxInputBytes) return {};
    return Fail(ErrorKind::kExhausted, "the inputs of this task have more than " + std::to_string(kMaxInputBytes) +
                                           " bytes; ask for its assets one by one");
  }

  static tl::unexpected<Error> Unsupported(pb::AssetKind kind) {
    return Fail(ErrorKind::kUnimplemented, "unsupported input kind: " + Quote(KindName(kind)));
  }

  Result<void> AddAsset(const pb::ComputeTaskInput& input, pb::GetTaskInputAssetsResponse& response) {
    const std::string key = StoreKey(*Key::FromAnyForm(input.asset_key()));
    pb::ComputeTaskInputAsset& asset = *response.add_assets();
    asset.set_identifier(input.identifier());
    switch (const pb::AssetKind kind = KindOf(input)) {
      case pb::ASSET_MODEL: return Copy(models_, key, *asset.mutable_model());
      case pb::ASSET_DATA_MANAGER: return Copy(managers_, key, *asset.mutable_data_manager());
      case pb::ASSET_DATA_SAMPLE: return Copy(samples_, key, *asset.mutable_data_sample());
      default: return Unsupported(kind);
    }
  }

  Result<void> AddOutputs(const pb::ComputeTaskInput& input, pb::GetTaskInputAssetsResponse& response) {
    const pb::ParentTaskOutputRef& reference = input.parent_task_output();
    for (const OutputRow& row : outputs_.at(*Key::FromAnyForm(reference.parent_task_key()))) {
      if (row.identifier != reference.output_identifier()) continue;
      if (row.kind != pb::ASSET_MODEL) return Unsupported(row.kind);
      pb::ComputeTaskInputAsset& asset = *response.add_assets();
      asset.set_identifier(input.identifier());
      ORC_TRY(Copy(models_, row.asset_key, *asset.mutable_model()));
    }
    return {};
  }

  const pb::ComputeTask& task_;
  const pb::Function& function_;
  Snapshot& snapshot_;
  std::unordered_map<Key, std::vector<OutputRow>, KeyHash> outputs_;
  Found<pb::Model> models_;
  Found<pb::DataManager> managers_;
  Found<pb::DataSample> samples_;
  size_t bytes_ = 0;  // of the assets copied into the answer
};

}  // namespace

Result<void> Answer(const pb::QueryTasksParam& request, Snapshot& snapshot, pb::QueryTasksResponse& response) {
  ORC_ASSIGN(const Page page, ParsePage(request.page_token(), request.page_size()));
  const pb::TaskQueryFilter& wanted = request.filter();
  TaskFilter filter;
  if (!wanted.worker().empty()) filter.worker = wanted.worker();
  if (wanted.status() != 0) filter.status = wanted.status();
  if (!wanted.compute_plan_key().empty()) {
    ORC_ASSIGN(filter.plan, FilterKey(wanted.compute_plan_key(), "computetask", "compute_plan_key"));
  }
  if (!wanted.function_key().empty()) {
    ORC_ASSIGN(filter.function, FilterKey(wanted.function_key(), "computetask", "function_key"));
  }
  return FillPage(page, *response.mutable_tasks(), *response.mutable_next_page_token(),
                  [&](const Page& wider) { return snapshot.ListTasks(filter, wider); });
}

Result<void> Answer(const pb::GetTaskInputAssetsParam& request, Snapshot& snapshot,
                    pb::GetTaskInputAssetsResponse& response) {
  ORC_ASSIGN(const pb::ComputeTask task, LookUpTask(snapshot, request.compute_task_key()));
  if (task.status() != pb::STATUS_WAITING_FOR_EXECUTOR_SLOT && task.status() != pb::STATUS_EXECUTING &&
      task.status() != pb::STATUS_FAILED) {
    return Fail(ErrorKind::kBadRequest,
                "Task inputs may not be defined in current task status (" + Quote(StatusName(task.status())) + ")");
  }
  pb::Function function;
  ORC_TRY(LookUp(snapshot, task.function_key(), function));
  return InputResolver(task, function, snapshot).Resolve(response);
}

}  // namespace orc
