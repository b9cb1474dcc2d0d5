#include "tests/store/rows.h"

namespace orc {

Key MakeKey(uint64_t n) {
  Key key;
  uint64_t state = n * 0x9E3779B97F4A7C15ULL + 1;
  for (uint8_t& byte : key.bytes) {
    state ^= state >> 29;
    state *= 0xBF58476D1CE4E5B9ULL;
    byte = static_cast<uint8_t>(state >> 56);
  }
  return key;
}

TaskRow MakeTask(int64_t order) {
  return TaskRow{order,
                 MakeKey(static_cast<uint64_t>(order)),
                 MakeKey(1'000'000),
                 MakeKey(2'000'000),
                 "MyOrg1MSP",
                 orchestrator::STATUS_WAITING_FOR_EXECUTOR_SLOT,
                 0,
                 0};
}

FullTaskRow MakeFullTask(TaskRow row) {
  orchestrator::ComputeTask task;
  task.set_key(row.key.ToString());
  task.set_worker(row.worker);
  return {std::move(row), task.SerializeAsString()};
}

AssetRow MakeAsset(orchestrator::AssetKind kind, int64_t order, std::string group, std::string label) {
  const Key key = MakeKey(static_cast<uint64_t>(kind) * 10'000'000 + static_cast<uint64_t>(order));
  // Any byte may occur in a body, also at its ends.
  std::string body = std::string(1, '\0') + "body " + std::to_string(order) + std::string(1, '\0');
  return {kind, order, std::string(key.Raw()), std::move(group), std::move(label), std::move(body)};
}

std::string EventBody(const EventRow& row) {
  orchestrator::Event event;
  event.set_id(row.id);
  event.set_asset_key(row.asset_key);
  event.set_asset_kind(row.asset_kind);
  event.set_event_kind(row.event_kind);
  event.mutable_timestamp()->set_seconds(row.timestamp_us / 1'000'000);
  event.mutable_timestamp()->set_nanos(static_cast<int32_t>(row.timestamp_us % 1'000'000) * 1'000);
  if (!row.reason.empty()) (*event.mutable_metadata())["reason"] = row.reason;
  return event.SerializeAsString();
}

EventRow& Changes::AddEvent(orchestrator::AssetKind asset_kind, orchestrator::EventKind event_kind,
                            std::string asset_key, int64_t later_us, std::string reason) {
  head_ = {head_.position + 1, head_.timestamp_us + later_us};
  EventRow& row = set.events.emplace_back();
  row.position = head_.position;
  row.timestamp_us = head_.timestamp_us;
  row.id = MakeEventId(row.timestamp_us, row.position, static_cast<uint32_t>(row.position) * 2654435761U);
  row.asset_kind = asset_kind;
  row.event_kind = event_kind;
  row.asset_key = std::move(asset_key);
  row.reason = std::move(reason);
  row.body = std::make_shared<const std::string>(EventBody(row));
  return row;
}

void Changes::AddTask(const TaskRow& row) {
  set.new_tasks.push_back(MakeFullTask(row));
  AddEvent(orchestrator::ASSET_COMPUTE_TASK, orchestrator::EVENT_ASSET_CREATED, row.key.ToString());
}

ChangeSet Changes::Take() {
  set.head = head_;
  return std::exchange(set, {});
}

}  // namespace orc
