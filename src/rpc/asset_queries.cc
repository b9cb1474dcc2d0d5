// Queries for everything but tasks and events (behaviour.md 5, 7 to 11, 13 to 15).
#include <algorithm>

#include "rpc/query_common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

template <class T, class Response>
Result<void> ListAll(Snapshot& snapshot, const AssetFilter& filter, Response& response) {
  Page page;
  page.limit = kMaxPageSize;
  for (;;) {
    ORC_ASSIGN(const std::vector<AssetRow> rows, snapshot.ListAssets(AssetType<T>::kKind, filter, page));
    for (const AssetRow& row : rows) ORC_TRY(Decode(row, *response.Add()));
    if (rows.size() < static_cast<size_t>(page.limit)) return {};
    page.after = rows.back().order;
  }
}

template <class T>
Result<void> ListPage(Snapshot& snapshot, const AssetFilter& filter, const Page& page,
                      google::protobuf::RepeatedPtrField<T>& assets, std::string& next_page_token) {
  return FillPage(page, assets, next_page_token,
                  [&](const Page& wider) { return snapshot.ListAssets(AssetType<T>::kKind, filter, wider); });
}

// A page of `rows`, which are all rows that match.
std::vector<AssetRow> Cut(std::vector<AssetRow> rows, const Page& page) {
  std::sort(rows.begin(), rows.end(), [](const AssetRow& a, const AssetRow& b) { return a.order < b.order; });
  const auto beyond =
      std::find_if(rows.begin(), rows.end(), [&](const AssetRow& row) { return row.order > page.after; });
  rows.erase(rows.begin(), beyond);
  rows.erase(rows.begin(), rows.begin() + std::min<int64_t>(page.skip, static_cast<int64_t>(rows.size())));
  if (rows.size() > static_cast<size_t>(page.limit)) rows.resize(static_cast<size_t>(page.limit));
  return rows;
}

}  // namespace

Result<Key> FilterKey(std::string_view text, std::string_view kind, std::string_view field) {
  if (const std::optional<Key> key = Key::FromAnyForm(text)) return *key;
  return Fail(ErrorKind::kInvalidAsset,
              std::string(kind) + " filter is not valid: " + std::string(field) + ": must be a valid UUID.");
}

Result<void> Answer(const pb::GetAllOrganizationsParam&, Snapshot& snapshot,
                    pb::GetAllOrganizationsResponse& response) {
  return ListAll<pb::Organization>(snapshot, {}, *response.mutable_organizations());
}

Result<void> Answer(const pb::QueryFunctionsParam& request, Snapshot& snapshot, pb::QueryFunctionsResponse& response) {
  ORC_ASSIGN(const Page page, ParsePage(request.page_token(), request.page_size()));
  const std::string& plan_key = request.filter().compute_plan_key();
  if (plan_key.empty()) {
    return ListPage(snapshot, {}, page, *response.mutable_functions(), *response.mutable_next_page_token());
  }
  ORC_ASSIGN(const Key plan, FilterKey(plan_key, "function", "compute_plan_key"));
  return FillPage(page, *response.mutable_functions(), *response.mutable_next_page_token(),
                  [&](const Page& wider) { return snapshot.ListPlanFunctions(plan, wider); });
}

Result<void> Answer(const pb::QueryDataManagersParam& request, Snapshot& snapshot,
                    pb::QueryDataManagersResponse& response) {
  ORC_ASSIGN(const Page page, ParsePage(request.page_token(), request.page_size()));
  return ListPage(snapshot, {}, page, *response.mutable_data_managers(), *response.mutable_next_page_token());
}

Result<void> Answer(const pb::QueryDataSamplesParam& request, Snapshot& snapshot,
                    pb::QueryDataSamplesResponse& response) {
  ORC_ASSIGN(const Page page, ParsePage(request.page_token(), request.page_size()));
  if (request.filter().keys().empty()) {
    return ListPage(snapshot, {}, page, *response.mutable_data_samples(), *response.mutable_next_page_token());
  }
  std::vector<std::string> keys;
  for (const std::string& text : request.filter().keys()) {
    ORC_ASSIGN(const Key key, FilterKey(text, "datasample", "keys"));
    keys.push_back(StoreKey(key));
  }
  return FillPage(page, *response.mutable_data_samples(), *response.mutable_next_page_token(),
                  [&](const Page& wider) -> Result<std::vector<AssetRow>> {
                    ORC_ASSIGN(std::vector<AssetRow> rows, snapshot.FindAssets(pb::ASSET_DATA_SAMPLE, keys));
                    return Cut(std::move(rows), wider);
                  });
}

Result<void> Answer(const pb::GetDatasetParam& request, Snapshot& snapshot, pb::Dataset& response) {
  ORC_TRY(LookUp(snapshot, request.key(), *response.mutable_data_manager()));
  ORC_ASSIGN(const std::vector<Key> samples, snapshot.ListManagerSamples(*Key::FromAnyForm(request.key())));
  for (const Key& sample : samples) response.add_data_sample_keys(sample.ToString());
  return {};
}

Result<void> Answer(const pb::QueryPlansParam& request, Snapshot& snapshot, pb::QueryPlansResponse& response) {
  ORC_ASSIGN(const Page page, ParsePage(request.page_token(), request.page_size()));
  AssetFilter filter;
  if (!request.filter().owner().empty()) filter.group = request.filter().owner();
  return ListPage(snapshot, filter, page, *response.mutable_plans(), *response.mutable_next_page_token());
}

Result<void> Answer(const pb::IsPlanRunningParam& request, Snapshot& snapshot, pb::IsPlanRunningResponse& response) {
  pb::ComputePlan plan;
  ORC_TRY(LookUp(snapshot, request.key(), plan));
  if (plan.has_cancelation_date() || plan.has_failure_date()) return {};
  ORC_ASSIGN(const bool unfinished, snapshot.HasUnfinishedTask(*Key::FromAnyForm(request.key())));
  response.set_is_running(unfinished);
  return {};
}

Result<void> Answer(const pb::GetComputeTaskModelsParam& request, Snapshot& snapshot,
                    pb::GetComputeTaskModelsResponse& response) {
  const std::optional<Key> task = Key::FromAnyForm(request.compute_task_key());
  if (!task) return NotFound(AssetType<pb::ComputeTask>::kName, request.compute_task_key());
  return ListAll<pb::Model>(snapshot, {StoreKey(*task), std::nullopt}, *response.mutable_models());
}

Result<void> Answer(const pb::QueryPerformancesParam& request, Snapshot& snapshot,
                    pb::QueryPerformancesResponse& response) {
  ORC_ASSIGN(const Page page, ParsePage(request.page_token(), request.page_size()));
  const pb::PerformanceQueryFilter& wanted = request.filter();
  AssetFilter filter;
  if (!wanted.compute_task_key().empty()) {
    ORC_ASSIGN(const Key task, FilterKey(wanted.compute_task_key(), "performance", "compute_task_key"));
    filter.group = StoreKey(task);
  }
  if (!wanted.compute_task_output_identifier().empty()) filter.label = wanted.compute_task_output_identifier();
  return ListPage(snapshot, filter, page, *response.mutable_performances(), *response.mutable_next_page_token());
}

}  // namespace orc
