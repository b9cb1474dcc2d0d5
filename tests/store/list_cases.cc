#include "tests/store/list_cases.h"

#include "tests/store/conformance.h"
#include "tests/store/rows.h"

namespace orc {
namespace {

namespace pb = orchestrator;

constexpr int64_t kTasks = 20'000;
constexpr int64_t kAssets = 5'000;
constexpr int64_t kBatch = 5'000;

// Every second row has a common value, every 5,000th a rare one.
constexpr int64_t kRareEach = 5'000;

bool IsRare(int64_t n) {
  return n % kRareEach == 7;
}

Key PlanOf(int64_t n) {
  return MakeKey(IsRare(n) ? 1'000'001 : n % 2 == 0 ? 1'000'000 : 1'000'002 + static_cast<uint64_t>(n % 20));
}
Key FunctionOf(int64_t n) {
  return MakeKey(IsRare(n) ? 2'000'001 : n % 2 == 0 ? 2'000'000 : 2'000'002 + static_cast<uint64_t>(n % 20));
}
std::string TextOf(int64_t n) {
  return IsRare(n) ? "rare" : n % 2 == 0 ? "common" : "other" + std::to_string(n % 20);
}

TaskRow TaskAt(int64_t n) {
  TaskRow row = MakeTask(n);
  row.plan = PlanOf(n);
  row.function = FunctionOf(n);
  row.worker = TextOf(n);
  row.status = IsRare(n) ? pb::STATUS_BUILDING : n % 4 == 0 ? pb::STATUS_DONE : pb::STATUS_EXECUTING;
  return row;
}

void AddTasks(Changes& changes, int64_t from) {
  for (int64_t n = from; n < from + kBatch; ++n) {
    changes.AddTask(TaskAt(n));
    changes.AddEvent(IsRare(n) ? pb::ASSET_FUNCTION : pb::ASSET_COMPUTE_TASK, pb::EVENT_ASSET_UPDATED,
                     MakeKey(static_cast<uint64_t>(n)).ToString(), 1, IsRare(n / 2) ? "rare" : "common");
  }
}

void AddAssets(Changes& changes) {
  for (int64_t n = 1; n <= kAssets; ++n) {
    for (const pb::AssetKind kind : {pb::ASSET_ORGANIZATION, pb::ASSET_FUNCTION, pb::ASSET_DATA_MANAGER,
                                     pb::ASSET_DATA_SAMPLE, pb::ASSET_FAILURE_REPORT}) {
      changes.set.new_assets.push_back(MakeAsset(kind, n));
    }
    changes.set.new_assets.push_back(MakeAsset(pb::ASSET_COMPUTE_PLAN, n, TextOf(n)));
    changes.set.new_assets.push_back(MakeAsset(pb::ASSET_MODEL, n, TextOf(n)));
    // The common label is that of every group, the common group has every label.
    changes.set.new_assets.push_back(MakeAsset(pb::ASSET_PERFORMANCE, n, TextOf(n), TextOf(n / 2)));
    changes.set.plan_functions.push_back({PlanOf(n), n});
  }
}

void Write(ChannelStore& channel, const ChangeSet& changes) {
  const auto transaction = Must(channel.Begin());
  Must(transaction->Apply(changes));
  Must(transaction->Commit());
}

// A list without its rows.
template <class Rows>
Result<void> Done(const Result<Rows>& rows) {
  if (!rows) return tl::unexpected(rows.error());
  return {};
}

void AddAssetLists(std::vector<ListCase>& cases) {
  const auto add = [&](const std::string& name, pb::AssetKind kind, const AssetFilter& filter) {
    cases.push_back({name, kAssets, [=](Snapshot& snapshot, const Page& page) {
                       return Done(snapshot.ListAssets(kind, filter, page));
                     }});
  };
  for (int kind = pb::AssetKind_MIN; kind <= pb::ASSET_FAILURE_REPORT; ++kind) {
    if (!pb::AssetKind_IsValid(kind) || kind == pb::ASSET_UNKNOWN || kind == pb::ASSET_COMPUTE_TASK) continue;
    add(pb::AssetKind_Name(kind), static_cast<pb::AssetKind>(kind), {});
  }
  for (const char* value : {"common", "rare", "absent"}) {
    const std::string suffix = std::string(" ") + value;
    add("plans by owner" + suffix, pb::ASSET_COMPUTE_PLAN, {.group = value, .label = {}});
    add("models by task" + suffix, pb::ASSET_MODEL, {.group = value, .label = {}});
    add("performances by task" + suffix, pb::ASSET_PERFORMANCE, {.group = value, .label = {}});
    add("performances by output" + suffix, pb::ASSET_PERFORMANCE, {.group = {}, .label = value});
    add("performances by task rare and output" + suffix, pb::ASSET_PERFORMANCE, {.group = "rare", .label = value});
  }
  cases.push_back({"functions of a plan", kAssets, [](Snapshot& snapshot, const Page& page) {
                     return Done(snapshot.ListPlanFunctions(PlanOf(2), page));
                   }});
}

void AddTaskLists(std::vector<ListCase>& cases) {
  const auto add = [&](const std::string& name, const TaskFilter& filter) {
    cases.push_back(
        {name, kTasks, [=](Snapshot& snapshot, const Page& page) { return Done(snapshot.ListTasks(filter, page)); }});
  };
  add("tasks", {});
  for (const auto& [name, n] : {std::pair("common", 2), std::pair("rare", 7), std::pair("absent", -5)}) {
    const std::string text = n < 0 ? "absent" : TextOf(n);
    const Key plan = n < 0 ? MakeKey(9) : PlanOf(n);
    const Key function = n < 0 ? MakeKey(9) : FunctionOf(n);
    const std::string suffix = std::string(" ") + name;
    add("tasks by worker" + suffix, {.worker = text, .status = {}, .plan = {}, .function = {}});
    add("tasks by plan" + suffix, {.worker = {}, .status = {}, .plan = plan, .function = {}});
    add("tasks by function" + suffix, {.worker = {}, .status = {}, .plan = {}, .function = function});
    for (const pb::ComputeTaskStatus status : {pb::STATUS_DONE, pb::STATUS_BUILDING, pb::STATUS_FAILED}) {
      const std::string with = suffix + " " + pb::ComputeTaskStatus_Name(status);
      add("tasks by worker" + with, {.worker = text, .status = status, .plan = {}, .function = {}});
      add("tasks by plan" + with, {.worker = {}, .status = status, .plan = plan, .function = {}});
      add("tasks by function" + with, {.worker = {}, .status = status, .plan = {}, .function = function});
    }
    // The plan decides: it has the fewest tasks.
    add("tasks by plan rare, worker" + suffix, {.worker = text, .status = {}, .plan = PlanOf(7), .function = {}});
    add("tasks by plan rare, function" + suffix, {.worker = {}, .status = {}, .plan = PlanOf(7), .function = function});
    add("tasks by function rare, worker" + suffix,
        {.worker = text, .status = {}, .plan = {}, .function = FunctionOf(7)});
  }
  for (const pb::ComputeTaskStatus status : {pb::STATUS_DONE, pb::STATUS_BUILDING, pb::STATUS_FAILED}) {
    add("tasks by " + pb::ComputeTaskStatus_Name(status), {.worker = {}, .status = status, .plan = {}, .function = {}});
  }
}

void AddEventLists(std::vector<ListCase>& cases) {
  const auto add = [&](const std::string& name, const std::function<void(EventFilter&)>& set) {
    for (const bool in_range : {false, true}) {
      EventFilter filter;
      set(filter);
      if (in_range) filter.start_us = kTasks / 10;
      if (in_range) filter.end_us = 2 * kTasks * 9 / 10;
      cases.push_back({name + (in_range ? " in a range of time" : ""), 2 * kTasks,
                       [=](Snapshot& snapshot, const Page& page) { return Done(snapshot.ListEvents(filter, page)); }});
    }
  };
  add("events", [](EventFilter&) {});
  add("events by key", [](EventFilter& filter) { filter.asset_key = MakeKey(8).ToString(); });
  add("events by key and kinds", [](EventFilter& filter) {
    filter.asset_key = MakeKey(8).ToString();
    filter.asset_kind = pb::ASSET_COMPUTE_TASK;
    filter.event_kind = pb::EVENT_ASSET_UPDATED;
    filter.reason = "common";
  });
  for (const pb::AssetKind kind : {pb::ASSET_COMPUTE_TASK, pb::ASSET_FUNCTION, pb::ASSET_MODEL}) {
    const std::string name = pb::AssetKind_Name(kind);
    add("events by " + name, [=](EventFilter& filter) { filter.asset_kind = kind; });
    for (const pb::EventKind event : {pb::EVENT_ASSET_CREATED, pb::EVENT_ASSET_UPDATED, pb::EVENT_ASSET_DISABLED}) {
      add("events by " + name + ", " + pb::EventKind_Name(event), [=](EventFilter& filter) {
        filter.asset_kind = kind;
        filter.event_kind = event;
      });
    }
  }
  for (const pb::EventKind event : {pb::EVENT_ASSET_CREATED, pb::EVENT_ASSET_UPDATED, pb::EVENT_ASSET_DISABLED}) {
    add("events by " + pb::EventKind_Name(event), [=](EventFilter& filter) { filter.event_kind = event; });
  }
  for (const char* reason : {"common", "rare", "absent"}) {
    const std::string name = std::string("events by reason ") + reason;
    add(name, [=](EventFilter& filter) { filter.reason = reason; });
    add(name + " of functions", [=](EventFilter& filter) {
      filter.reason = reason;
      filter.asset_kind = pb::ASSET_FUNCTION;
    });
    add(name + " of what was disabled", [=](EventFilter& filter) {
      filter.reason = reason;
      filter.event_kind = pb::EVENT_ASSET_DISABLED;
    });
    add(name + " with kinds", [=](EventFilter& filter) {
      filter.reason = reason;
      filter.asset_kind = pb::ASSET_COMPUTE_TASK;
      filter.event_kind = pb::EVENT_ASSET_UPDATED;
    });
  }
}

}  // namespace

void FillLists(ChannelStore& channel) {
  Changes changes;
  for (int64_t from = 1; from <= kTasks; from += kBatch) {
    AddTasks(changes, from);
    if (from == 1) AddAssets(changes);
    Write(channel, changes.Take());
  }
}

std::vector<ListCase> ListCases() {
  std::vector<ListCase> cases;
  AddAssetLists(cases);
  AddTaskLists(cases);
  AddEventLists(cases);
  return cases;
}

}  // namespace orc
