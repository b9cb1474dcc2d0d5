// Rows for tests of stores and of what is built on them: plausible, distinct and the same in every run.
//
// A Changes collects a ChangeSet and keeps the channel's head, so that events continue where the last change set ended.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "domain/event_id.h"
#include "store/store.h"

namespace orc {

// The n-th key; neighbours have unlike keys.
Key MakeKey(uint64_t n);

// A task at place `order` with key MakeKey(order), of plan and function MakeKey(1'000'000) and MakeKey(2'000'000),
// waiting for an executor.
TaskRow MakeTask(int64_t order);
FullTaskRow MakeFullTask(TaskRow row);

AssetRow MakeAsset(orchestrator::AssetKind kind, int64_t order, std::string group = {}, std::string label = {});

// The serialized Event that goes with the other fields of `row`.
std::string EventBody(const EventRow& row);

class Changes {
 public:
  explicit Changes(Head head = {}) : head_(head) {}

  ChangeSet set;

  // The next event, `later_us` after the last one.
  EventRow& AddEvent(orchestrator::AssetKind asset_kind, orchestrator::EventKind event_kind, std::string asset_key,
                     int64_t later_us = 1, std::string reason = {});
  // A task with its body and its event.
  void AddTask(const TaskRow& row);
  // What was collected; the next events continue it.
  ChangeSet Take();
  const Head& head() const { return head_; }

 private:
  Head head_;
};

}  // namespace orc
