// What follows from a change of a task or function: the effects of behaviour.md 7.4 and 12.8.
#include <algorithm>

#include "domain/task_rules.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

// Tasks are moved in portions, so that a cascade over a million tasks needs the memory of one portion.
constexpr size_t kPortion = 128;
constexpr size_t kRowPortion = 4096;  // of tasks without their messages

// Calls `work` for each portion of the tasks, in order.
template <class F>
Result<void> ForEachPortion(std::span<const Key> tasks, size_t size, F&& work) {
  while (!tasks.empty()) {
    const std::span<const Key> portion = tasks.first(std::min(size, tasks.size()));
    tasks = tasks.subspan(portion.size());
    ORC_TRY(work(portion));
  }
  return {};
}

// Calls `move` for each task, in order, with the tasks' messages loaded in bulk.
template <class F>
Result<void> ForEachTask(Workspace& workspace, std::span<const Key> tasks, F&& move) {
  return ForEachPortion(tasks, kPortion, [&](std::span<const Key> portion) -> Result<void> {
    Needs needs;
    needs.tasks.assign(portion.begin(), portion.end());
    ORC_TRY(workspace.Load(needs));
    for (const Key& task : portion) {
      ORC_TRY(move(task));
      ORC_TRY(workspace.FlushIfLarge());
    }
    return {};
  });
}

Result<void> SetStatus(Workspace& workspace, const Key& task, TaskTransition transition, const std::string& reason) {
  ORC_TRY(workspace.FindTaskRow(task));  // a flush may have let it go
  TaskRow& row = workspace.ChangeTask(task);
  ORC_ASSIGN(row.status, Next(row.status, transition));
  return workspace.EmitTask(pb::EVENT_ASSET_UPDATED, task, reason);
}

// A parent of `children` is done: counts it, and releases those that waited for it last.
Result<void> ReleaseChildren(Workspace& workspace, std::span<const Key> children, const std::string& reason) {
  return ForEachPortion(children, kRowPortion, [&](std::span<const Key> portion) -> Result<void> {
    Needs needs;
    needs.task_rows.assign(portion.begin(), portion.end());
    ORC_TRY(workspace.Load(needs));
    std::vector<Key> released;
    for (const Key& child : portion) {
      TaskRow& row = workspace.ChangeTask(child);
      ORC_ASSERT(row.pending_parents > 0);
      --row.pending_parents;
      if (row.pending_parents == 0 && row.status == pb::STATUS_WAITING_FOR_PARENT_TASKS) released.push_back(child);
    }
    ORC_TRY(ForEachTask(workspace, released, [&](const Key& child) {
      return SetStatus(workspace, child, TaskTransition::kWaitingExecutorSlot, reason);
    }));
    return workspace.FlushIfLarge();
  });
}

Result<void> MoveBuiltTasks(Workspace& workspace, const pb::Function& function, std::span<const Key> tasks) {
  const std::string reason = "Function " + function.key() + " finished building";
  return ForEachTask(workspace, tasks, [&](const Key& task) -> Result<void> {
    ORC_ASSIGN(const TaskRow* const row, workspace.FindTaskRow(task));
    const auto transition =
        row->pending_parents == 0 ? TaskTransition::kWaitingExecutorSlot : TaskTransition::kWaitingParentTasks;
    return SetStatus(workspace, task, transition, reason);
  });
}

Result<void> MoveTasksOf(Workspace& workspace, const pb::Function& function, std::span<const Key> tasks,
                         FunctionTransition transition, const std::string& reason) {
  switch (transition) {
    case FunctionTransition::kBuilding:
      return ForEachTask(workspace, tasks, [&](const Key& task) {
        return SetStatus(workspace, task, TaskTransition::kBuilding, reason);
      });
    case FunctionTransition::kReady: return MoveBuiltTasks(workspace, function, tasks);
    case FunctionTransition::kCanceled:
      return ForEachTask(workspace, tasks, [&](const Key& task) {
        return SetStatus(workspace, task, TaskTransition::kCanceled, reason);
      });
    case FunctionTransition::kFailed:
      return ForEachTask(workspace, tasks, [&](const Key& task) -> Result<void> {
        ORC_TRY(SetStatus(workspace, task, TaskTransition::kFailed, reason));
        ORC_ASSIGN(const TaskRow* const row, workspace.FindTaskRow(task));
        return FailPlan(workspace, row->plan, reason);
      });
  }
  return {};
}

}  // namespace

Result<void> MoveTask(Workspace& workspace, const Key& task, TaskTransition transition, const std::string& reason) {
  ORC_ASSIGN(const TaskRow* const row, workspace.FindTaskRow(task));
  ORC_TRY(Next(row->status, transition));
  const Key plan = row->plan;
  std::vector<Key> children;
  if (transition == TaskTransition::kDone) {
    ORC_ASSIGN(children, workspace.Children(task));
  }
  ORC_TRY(SetStatus(workspace, task, transition, reason));
  if (transition == TaskTransition::kFailed) return FailPlan(workspace, plan, reason);
  return ReleaseChildren(workspace, children, "Last parent task " + task.ToString() + " done");
}

Result<void> MoveFunction(Workspace& workspace, const Key& function, FunctionTransition transition,
                          const std::string& reason) {
  const std::string key = StoreKey(function);
  ORC_ASSIGN(const auto* const found, workspace.Get<pb::Function>(key, function.ToString()));
  const pb::FunctionStatus before = EffectiveStatus(found->asset);
  ORC_ASSIGN(const pb::FunctionStatus after, Next(before, transition));
  const auto waiting =
      before == pb::FUNCTION_STATUS_WAITING ? pb::STATUS_WAITING_FOR_BUILDER_SLOT : pb::STATUS_BUILDING;
  ORC_ASSIGN(const std::vector<Key> tasks, workspace.FunctionTasks(function, waiting));
  pb::Function& changed = workspace.Change<pb::Function>(key);
  changed.set_status(after);
  ORC_TRY(workspace.Emit(pb::EVENT_ASSET_UPDATED, changed.key(), changed, reason));
  return MoveTasksOf(workspace, changed, tasks, transition, reason);
}

}  // namespace orc
