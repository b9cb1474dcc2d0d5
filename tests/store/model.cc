#include "tests/store/model.h"

#include <algorithm>
#include <sstream>
#include <tuple>

namespace orc {
namespace {

// The page of `rows`, which are in ascending order.
template <class Row, class Order>
std::vector<Row> Cut(std::vector<Row> rows, const Page& page, Order order) {
  if (page.descending) std::reverse(rows.begin(), rows.end());
  std::vector<Row> cut;
  int64_t skip = page.skip;
  for (const Row& row : rows) {
    if (page.after != 0 && (page.descending ? order(row) >= page.after : order(row) <= page.after)) continue;
    if (skip-- > 0) continue;
    if (static_cast<int64_t>(cut.size()) < page.limit) cut.push_back(row);
  }
  return cut;
}

template <class T, class U>
bool Fits(const std::optional<T>& wanted, const U& value) {
  return !wanted || *wanted == static_cast<T>(value);
}

bool IsFinalStatus(orchestrator::ComputeTaskStatus status) {
  return status == orchestrator::STATUS_DONE || status == orchestrator::STATUS_FAILED ||
         status == orchestrator::STATUS_CANCELED;
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

}  // namespace

void Model::Apply(const ChangeSet& changes) {
  for (const AssetRow& row : changes.new_assets) assets[row.kind][row.order] = row;
  for (const AssetRow& row : changes.changed_assets) {
    for (auto& [order, stored] : assets[row.kind]) {
      if (stored.key != row.key) continue;
      stored.group = row.group;
      stored.label = row.label;
      stored.body = row.body;
    }
  }
  for (const FullTaskRow& task : changes.new_tasks) tasks[task.row.order] = task;
  for (const TaskRow& row : changes.changed_tasks) {
    TaskRow& stored = FindTask(row.key)->row;
    stored.status = row.status;
    stored.pending_parents = row.pending_parents;
  }
  edges.insert(edges.end(), changes.edges.begin(), changes.edges.end());
  outputs.insert(outputs.end(), changes.outputs.begin(), changes.outputs.end());
  for (const SampleLink& link : changes.sample_links) samples.insert({{link.manager, link.sample_order}, link.sample});
  for (const PlanFunction& link : changes.plan_functions) plan_functions.insert({link.plan, link.function_order});
  events.insert(events.end(), changes.events.begin(), changes.events.end());
  if (!changes.events.empty()) head = changes.head;
}

FullTaskRow* Model::FindTask(const Key& key) {
  for (auto& [order, task] : tasks) {
    if (task.row.key == key) return &task;
  }
  return nullptr;
}

std::vector<AssetRow> Model::ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter,
                                        const Page& page) const {
  std::vector<AssetRow> rows;
  if (const auto found = assets.find(kind); found != assets.end()) {
    for (const auto& [order, row] : found->second) {
      if (Fits(filter.group, row.group) && Fits(filter.label, row.label)) rows.push_back(row);
    }
  }
  return Cut(rows, page, [](const AssetRow& row) { return row.order; });
}

std::vector<AssetRow> Model::ListPlanFunctions(const Key& plan, const Page& page) const {
  std::vector<AssetRow> rows;
  for (const auto& [of, order] : plan_functions) {
    if (of == plan) rows.push_back(assets.at(orchestrator::ASSET_FUNCTION).at(order));
  }
  return Cut(rows, page, [](const AssetRow& row) { return row.order; });
}

std::vector<Key> Model::ListManagerSamples(const Key& manager) const {
  std::vector<Key> keys;
  for (const auto& [link, sample] : samples) {
    if (link.first == manager) keys.push_back(sample);
  }
  return keys;
}

std::vector<FullTaskRow> Model::ListTasks(const TaskFilter& filter, const Page& page) const {
  std::vector<FullTaskRow> rows;
  for (const auto& [order, task] : tasks) {
    if (Fits(filter.worker, task.row.worker) && Fits(filter.status, task.row.status) &&
        Fits(filter.plan, task.row.plan) && Fits(filter.function, task.row.function)) {
      rows.push_back(task);
    }
  }
  return Cut(rows, page, [](const FullTaskRow& task) { return task.row.order; });
}

std::vector<TaskRef> Model::ListFunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status) const {
  std::vector<TaskRef> refs;
  for (const auto& [order, task] : tasks) {
    if (task.row.function == function && task.row.status == status)
      refs.push_back({order, task.row.rank, task.row.key});
  }
  std::stable_sort(refs.begin(), refs.end(),
                   [](const auto& left, const auto& right) { return left.rank < right.rank; });
  return refs;
}

std::vector<Key> Model::ListChildren(const Key& parent) const {
  std::set<std::tuple<int32_t, int64_t, Key>> children;
  for (const ParentEdge& edge : edges) {
    if (edge.parent != parent) continue;
    for (const auto& [order, task] : tasks) {
      if (task.row.key == edge.child) children.insert({edge.place, order, edge.child});
    }
  }
  std::vector<Key> keys;
  for (const auto& child : children) keys.push_back(std::get<Key>(child));
  return keys;
}

std::vector<OutputRow> Model::FindOutputs(const Key& task) const {
  std::vector<OutputRow> rows;
  for (const OutputRow& row : outputs) {
    if (row.task == task) rows.push_back(row);
  }
  return rows;
}

bool Model::HasUnfinishedTask(const Key& plan) const {
  return std::any_of(tasks.begin(), tasks.end(), [&](const auto& task) {
    return task.second.row.plan == plan && !IsFinalStatus(task.second.row.status);
  });
}

std::vector<EventRow> Model::ListEvents(const EventFilter& filter, const Page& page) const {
  std::vector<EventRow> rows;
  for (const EventRow& event : events) {
    const bool in_time = (!filter.start_us || event.timestamp_us >= *filter.start_us) &&
                         (!filter.end_us || event.timestamp_us <= *filter.end_us);
    const bool has_reason = !filter.reason || (!event.reason.empty() && event.reason == *filter.reason);
    if (in_time && has_reason && Fits(filter.asset_key, event.asset_key) && Fits(filter.asset_kind, event.asset_kind) &&
        Fits(filter.event_kind, event.event_kind)) {
      rows.push_back(event);
    }
  }
  return Cut(rows, page, [](const EventRow& event) { return event.position; });
}

std::string Show(const Key& key) {
  return key.ToString();
}

std::string Show(const AssetRow& row) {
  std::ostringstream text;
  text << row.kind << " #" << row.order << " key " << Hex(row.key) << " group " << Hex(row.group) << " label "
       << Hex(row.label) << " body " << Hex(row.body);
  return text.str();
}

std::string Show(const TaskRow& row) {
  std::ostringstream text;
  text << "#" << row.order << " key " << Show(row.key) << " plan " << Show(row.plan) << " function "
       << Show(row.function) << " worker " << row.worker << " status " << row.status << " rank " << row.rank
       << " pending " << row.pending_parents;
  return text.str();
}

std::string Show(const FullTaskRow& row) {
  return Show(row.row) + " body " + Hex(row.body);
}

std::string Show(const TaskRef& row) {
  std::ostringstream text;
  text << "#" << row.order << " rank " << row.rank << " key " << Show(row.key);
  return text.str();
}

std::string Show(const OutputRow& row) {
  std::ostringstream text;
  text << "task " << Show(row.task) << " output " << row.identifier << " kind " << row.kind << " asset "
       << Hex(row.asset_key);
  return text.str();
}

std::string Show(const EventRow& row) {
  std::ostringstream text;
  text << "@" << row.position << " id " << row.id << " kinds " << row.asset_kind << "/" << row.event_kind << " key "
       << row.asset_key << " time " << row.timestamp_us << " reason " << row.reason << " body " << Hex(*row.body);
  return text.str();
}

}  // namespace orc
