#include "ledger/workspace.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <numeric>

#include "base/distinct.h"
#include "domain/event_id.h"
#include "domain/text.h"

namespace orc {

namespace pb = ::orchestrator;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

namespace {

// Room that events of creation leave free, so that a later event of the same asset, which adds a reason, still fits.
constexpr int64_t kReasonReserveBytes = 1024;
// What a changed row of a task takes: as it is, as it was, and as the store gets it.
constexpr int64_t kChangedRowBytes = 512;

// The field of Event that holds an asset of this kind (contract.md, message Event).
uint32_t PayloadField(pb::AssetKind kind) {
  switch (kind) {
    case pb::ASSET_FUNCTION: return pb::Event::kFunctionFieldNumber;
    case pb::ASSET_COMPUTE_PLAN: return pb::Event::kComputePlanFieldNumber;
    case pb::ASSET_COMPUTE_TASK: return pb::Event::kComputeTaskFieldNumber;
    case pb::ASSET_DATA_MANAGER: return pb::Event::kDataManagerFieldNumber;
    case pb::ASSET_DATA_SAMPLE: return pb::Event::kDataSampleFieldNumber;
    case pb::ASSET_FAILURE_REPORT: return pb::Event::kFailureReportFieldNumber;
    case pb::ASSET_MODEL: return pb::Event::kModelFieldNumber;
    case pb::ASSET_ORGANIZATION: return pb::Event::kOrganizationFieldNumber;
    case pb::ASSET_PERFORMANCE: return pb::Event::kPerformanceFieldNumber;
    case pb::ASSET_COMPUTE_TASK_OUTPUT_ASSET: return pb::Event::kComputeTaskOutputAssetFieldNumber;
    case pb::ASSET_PROFILING_STEP: return pb::Event::kProfilingStepFieldNumber;
    default: break;
  }
  ORC_ASSERT(false);
  return 0;
}

google::protobuf::Timestamp ToTimestamp(int64_t us) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(us / 1'000'000);
  timestamp.set_nanos(static_cast<int32_t>(us % 1'000'000) * 1000);
  return timestamp;
}

void AppendField(std::string& message, uint32_t field, std::string_view payload) {
  StringOutputStream stream(&message);
  CodedOutputStream out(&stream);
  out.WriteTag(field << 3 | 2);
  out.WriteVarint32(static_cast<uint32_t>(payload.size()));
  out.WriteRaw(payload.data(), static_cast<int>(payload.size()));
}

}  // namespace

Workspace::Workspace(std::string channel, WorkspaceLimits limits)
    : channel_(std::move(channel)), limits_(limits), random_(std::random_device{}()) {}

// ---- the batch

Result<void> Workspace::Open(Transaction& transaction) {
  transaction_ = &transaction;
  ORC_ASSIGN(head_, transaction.GetHead());
  // Rows read earlier are still true only if nobody else has written since.
  if (head_ != left_at_) ClearTables();
  children_.clear();
  opened_at_ = head_;
  marks_ = {};
  marks_.head = head_;
  tallies_.clear();
  return {};
}

void Workspace::StartCommand(int64_t now_us) {
  // Distinct calls get distinct times, so that creation dates order assets as they were registered.
  now_us_ = std::max(now_us, head_.timestamp_us + 1);
  partly_written_ = false;
  command_bytes_ = 0;
  tally_ = {};
}

void Workspace::KeepCommand() {
  ForEachTable([](auto& table) { table.Keep(); });
  if (tally_ != TaskTally{}) tallies_.push_back(tally_);
  marks_ = {changes_.edges.size(),
            changes_.outputs.size(),
            changes_.sample_links.size(),
            changes_.plan_functions.size(),
            changes_.events.size(),
            staged_bytes_,
            head_};
}

void Workspace::TakeBackCommand() {
  ForEachTable([](auto& table) { table.TakeBack(); });
  changes_.edges.resize(marks_.edges);
  changes_.outputs.resize(marks_.outputs);
  changes_.sample_links.resize(marks_.sample_links);
  changes_.plan_functions.resize(marks_.plan_functions);
  changes_.events.resize(marks_.events);
  staged_bytes_ = marks_.staged_bytes;
  head_ = marks_.head;
}

void Workspace::DrainTables() {
  std::apply(
      [this](auto&... tables) {
        (tables.Drain([this](const std::string&,
                             const auto& stored) { changes_.new_assets.push_back(Encode(stored.order, stored.asset)); },
                      [this](const std::string&, const auto& stored) {
                        changes_.changed_assets.push_back(Encode(stored.order, stored.asset));
                      }),
         ...);
      },
      assets_);
  task_rows_.Drain(
      [this](const Key& key, const TaskRow& row) {
        changes_.new_tasks.push_back(FullTaskRow{row, task_bodies_.Get(key)->bytes});
      },
      [this](const Key&, const TaskRow& row) { changes_.changed_tasks.push_back(row); });
  const auto nothing = [](const auto&, const auto&) {};
  task_bodies_.Drain(nothing, nothing);  // written with their rows
  outputs_.Drain(nothing, nothing);      // written from changes_.outputs
}

Result<void> Workspace::Flush() {
  if (staged_bytes_ == 0) return {};  // no change without an event, but to tasks that go on waiting
  // Once the tables are drained, what they had staged exists here only until it is written.
  const bool was_partly_written = std::exchange(partly_written_, true);
  DrainTables();
  changes_.head = head_;
  ORC_TRY(transaction_->Apply(changes_));
  Publish(std::move(changes_.events));
  changes_ = {};
  staged_bytes_ = 0;
  command_bytes_ = 0;
  marks_ = {};
  marks_.head = head_;
  partly_written_ = was_partly_written;
  return {};
}

Result<void> Workspace::FlushIfLarge() {
  if (staged_bytes_ < limits_.flush_bytes) return {};
  partly_written_ = true;
  ORC_TRY(Flush());
  if (task_rows_.Size() > limits_.max_cached_rows || task_bytes_ > limits_.max_cached_bytes) {
    task_bodies_.Clear();
    task_rows_.Clear();
    task_bytes_ = 0;
  }
  return {};
}

void Workspace::Publish(std::vector<EventRow> events) {
  for (EventRow& event : events) {
    published_bytes_ += static_cast<int64_t>(event.body->size());
    published_.push_back(std::move(event));
  }
  size_t drop = 0;
  while (published_bytes_ > limits_.max_published_bytes) {
    published_bytes_ -= static_cast<int64_t>(published_[drop++].body->size());
  }
  published_.erase(published_.begin(), published_.begin() + static_cast<std::ptrdiff_t>(drop));
}

std::vector<EventRow> Workspace::Committed() {
  left_at_ = head_;
  opened_at_ = head_;
  transaction_ = nullptr;
  published_bytes_ = 0;
  return std::exchange(published_, {});
}

void Workspace::Trim() {
  if (CachedRows() > limits_.max_cached_rows || asset_bytes_ + task_bytes_ > limits_.max_cached_bytes) ClearTables();
}

size_t Workspace::CachedRows() const {
  size_t rows = task_rows_.Size() + task_bodies_.Size() + outputs_.Size();
  std::apply([&](const auto&... tables) { ((rows += tables.Size()), ...); }, assets_);
  return rows;
}

void Workspace::ClearTables() {
  ForEachTable([](auto& table) { table.Clear(); });
  asset_bytes_ = 0;
  task_bytes_ = 0;
}

void Workspace::Forget() {
  ClearTables();
  changes_ = {};
  marks_ = {};
  staged_bytes_ = 0;
  published_.clear();
  published_bytes_ = 0;
  left_at_ = Head{-1, 0};
  transaction_ = nullptr;
}

bool Workspace::CommandIsUntouched() const {
  return head_ == marks_.head;
}

// ---- reading

Result<void> Workspace::Load(const Needs& needs) {
  ORC_TRY(LoadAssets<pb::Organization>(needs.assets[pb::ASSET_ORGANIZATION]));
  ORC_TRY(LoadAssets<pb::Function>(needs.assets[pb::ASSET_FUNCTION]));
  ORC_TRY(LoadAssets<pb::DataManager>(needs.assets[pb::ASSET_DATA_MANAGER]));
  ORC_TRY(LoadAssets<pb::DataSample>(needs.assets[pb::ASSET_DATA_SAMPLE]));
  ORC_TRY(LoadAssets<pb::ComputePlan>(needs.assets[pb::ASSET_COMPUTE_PLAN]));
  ORC_TRY(LoadAssets<pb::Model>(needs.assets[pb::ASSET_MODEL]));
  ORC_TRY(LoadAssets<pb::FailureReport>(needs.assets[pb::ASSET_FAILURE_REPORT]));
  ORC_TRY(LoadTasks(needs.tasks));
  ORC_TRY(LoadTaskRows(needs.task_rows));
  ORC_TRY(LoadOutputs(needs.outputs));
  return LoadChildren(needs.parents);
}

Result<void> Workspace::LoadTasks(std::span<const Key> keys) {
  std::vector<Key> unknown;
  for (const Key& key : keys) {
    if (!task_bodies_.Knows(key)) unknown.push_back(key);
  }
  if (unknown.empty()) return {};
  ORC_ASSIGN(std::vector<FullTaskRow> rows, transaction_->FindTasks(unknown));
  for (FullTaskRow& row : rows) {
    task_bytes_ += static_cast<int64_t>(row.body.size());
    task_rows_.Learn(row.row.key, row.row);
    task_bodies_.Learn(row.row.key, TaskBody{std::move(row.body), nullptr});
  }
  for (const Key& key : unknown) {
    task_rows_.Learn(key, std::nullopt);
    task_bodies_.Learn(key, std::nullopt);
  }
  return {};
}

Result<void> Workspace::LoadTaskRows(std::span<const Key> keys) {
  std::vector<Key> unknown;
  for (const Key& key : keys) {
    if (!task_rows_.Knows(key)) unknown.push_back(key);
  }
  if (unknown.empty()) return {};
  ORC_ASSIGN(const std::vector<TaskRow> rows, transaction_->FindTaskRows(unknown));
  for (const TaskRow& row : rows) task_rows_.Learn(row.key, row);
  for (const Key& key : unknown) task_rows_.Learn(key, std::nullopt);
  return {};
}

Result<void> Workspace::LoadOutputs(std::span<const Key> tasks) {
  std::vector<Key> unknown;
  for (const Key& task : tasks) {
    if (!outputs_.Knows(task)) unknown.push_back(task);
  }
  if (unknown.empty()) return {};
  unknown = Distinct<Key>(unknown);
  ORC_ASSIGN(std::vector<OutputRow> rows, transaction_->FindOutputs(unknown));
  std::unordered_map<Key, std::vector<OutputRow>, KeyHash> by_task;
  asset_bytes_ += static_cast<int64_t>(rows.size() * sizeof(OutputRow));
  for (OutputRow& row : rows) by_task[row.task].push_back(std::move(row));
  for (const Key& task : unknown) outputs_.Learn(task, std::move(by_task[task]));
  return {};
}

// One task's children are asked for when they are needed: to load them now would cost no less.
Result<void> Workspace::LoadChildren(std::span<const Key> parents) {
  constexpr size_t kFew = 100;  // a task with as many children is left out
  if (parents.size() < 2) return {};
  const std::vector<Key> wanted = Distinct<Key>(parents);
  ORC_ASSIGN(const std::vector<ParentEdge> edges, transaction_->ListEdges(wanted, kFew));
  for (const Key& parent : wanted) children_[parent];
  std::vector<Key> all;
  for (const ParentEdge& edge : edges) {
    children_[edge.parent].push_back(edge.child);
    all.push_back(edge.child);
  }
  std::erase_if(children_, [](const auto& entry) { return entry.second.size() == kFew; });
  return LoadTaskRows(all);
}

Result<const TaskRow*> Workspace::FindTaskRow(const Key& key) {
  ORC_TRY(LoadTaskRows(std::span<const Key>(&key, 1)));
  return task_rows_.Get(key);
}

Result<Workspace::TaskView> Workspace::FindTask(const Key& key) {
  ORC_TRY(LoadTasks(std::span<const Key>(&key, 1)));
  const TaskBody* const body = task_bodies_.Get(key);
  if (body == nullptr) return TaskView{};
  const TaskRow* const row = task_rows_.Get(key);
  if (body->message == nullptr) {
    auto message = std::make_shared<pb::ComputeTask>();
    if (!message->ParseFromString(body->bytes)) return Unreadable(AssetType<pb::ComputeTask>::kName, row->order);
    body->message = std::move(message);
  }
  return TaskView{row, body->message.get()};
}

Result<Workspace::TaskView> Workspace::GetTask(const Key& key, std::string_view text) {
  ORC_ASSIGN(const TaskView view, FindTask(key));
  if (view.row == nullptr) return NotFound(AssetType<pb::ComputeTask>::kName, text);
  return view;
}

Result<const std::vector<OutputRow>*> Workspace::Outputs(const Key& task) {
  ORC_TRY(LoadOutputs(std::span<const Key>(&task, 1)));
  return outputs_.Get(task);
}

Result<std::vector<Key>> Workspace::Children(const Key& parent) {
  ORC_ASSERT(CommandIsUntouched());
  if (const auto known = children_.find(parent); known != children_.end()) return known->second;
  if (!changes_.edges.empty()) ORC_TRY(Flush());
  return transaction_->ListChildren(parent);
}

Result<std::vector<Key>> Workspace::FunctionTasks(const Key& function, pb::ComputeTaskStatus status) {
  ORC_ASSERT(CommandIsUntouched());
  ORC_TRY(Flush());
  ORC_ASSIGN(const std::vector<TaskRef> refs, transaction_->ListFunctionTasks(function, status));
  std::vector<Key> keys;
  keys.reserve(refs.size());
  for (const TaskRef& ref : refs) keys.push_back(ref.key);
  return keys;
}

Result<bool> Workspace::IsRegistered(const std::string& organization) {
  ORC_ASSIGN(const auto* const found, Find<pb::Organization>(organization));
  return found != nullptr;
}

Result<void> Workspace::RequireRegistered(const Caller& caller) {
  ORC_ASSIGN(const bool registered, IsRegistered(caller.organization));
  if (registered) return {};
  return Fail(ErrorKind::kBadRequest,
              "organization " + Quote(caller.organization) + " is not registered in channel " + Quote(caller.channel));
}

// ---- changing

google::protobuf::Timestamp Workspace::Now() const {
  return ToTimestamp(now_us_);
}

std::vector<int64_t> Workspace::OrdersFor(std::span<const Key> keys, int64_t stride) const {
  std::vector<size_t> by_key(keys.size());
  std::iota(by_key.begin(), by_key.end(), size_t{0});
  std::sort(by_key.begin(), by_key.end(), [&](size_t a, size_t b) { return keys[a] < keys[b]; });
  std::vector<int64_t> orders(keys.size());
  for (size_t i = 0; i < by_key.size(); ++i) orders[by_key[i]] = NextPosition() + static_cast<int64_t>(i) * stride;
  return orders;
}

void Workspace::InsertTask(TaskRow row, const pb::ComputeTask& message, std::span<const Key> parents) {
  ORC_ASSERT(message.status() == pb::STATUS_UNKNOWN);
  const Key key = row.key;
  int32_t place = 0;
  for (const Key& parent : parents) {
    changes_.edges.push_back(ParentEdge{parent, key, place++});
    children_.erase(parent);
  }
  task_rows_.Insert(key, std::move(row));
  std::string bytes = message.SerializeAsString();
  task_bytes_ += static_cast<int64_t>(bytes.size());
  task_bodies_.Learn(key, std::nullopt);
  task_bodies_.Insert(key, TaskBody{std::move(bytes), nullptr});
  if (!outputs_.Knows(key)) outputs_.Learn(key, std::vector<OutputRow>{});
}

TaskRow& Workspace::ChangeTask(const Key& key) {
  staged_bytes_ += kChangedRowBytes;
  return task_rows_.Change(key);
}

void Workspace::AddOutput(OutputRow output) {
  outputs_.Change(output.task).push_back(output);
  changes_.outputs.push_back(std::move(output));
}

Result<void> Workspace::EmitTask(pb::EventKind kind, const Key& task, std::string_view reason) {
  ORC_TRY(LoadTasks(std::span<const Key>(&task, 1)));
  std::string payload = task_bodies_.Get(task)->bytes;
  const pb::ComputeTaskStatus status = task_rows_.Get(task)->status;
  ++(kind == pb::EVENT_ASSET_CREATED ? tally_.registered : tally_.updated[static_cast<size_t>(status)]);
  {
    StringOutputStream stream(&payload);
    CodedOutputStream out(&stream);
    out.WriteTag(pb::ComputeTask::kStatusFieldNumber << 3);
    out.WriteVarint32(static_cast<uint32_t>(status));
  }
  return EmitPayload(kind, pb::ASSET_COMPUTE_TASK, task.ToString(), payload, reason);
}

Result<void> Workspace::Emit(pb::EventKind kind, std::string_view asset_key, const pb::ComputeTaskOutputAsset& asset) {
  return EmitPayload(kind, pb::ASSET_COMPUTE_TASK_OUTPUT_ASSET, asset_key, asset.SerializeAsString(), {});
}

Result<void> Workspace::Emit(const pb::ProfilingStep& step) {
  return EmitPayload(pb::EVENT_ASSET_CREATED, pb::ASSET_PROFILING_STEP, step.asset_key(), step.SerializeAsString(), {});
}

Result<void> Workspace::EmitPayload(pb::EventKind kind, pb::AssetKind asset_kind, std::string_view asset_key,
                                    std::string_view payload, std::string_view reason) {
  EventRow row;
  row.position = NextPosition();
  row.id = MakeEventId(now_us_, row.position, static_cast<uint32_t>(random_()));
  row.asset_kind = asset_kind;
  row.event_kind = kind;
  row.asset_key = std::string(asset_key);
  row.timestamp_us = now_us_;
  row.reason = std::string(reason);

  envelope_.Clear();
  envelope_.set_id(row.id);
  envelope_.set_asset_key(row.asset_key);
  envelope_.set_asset_kind(asset_kind);
  envelope_.set_event_kind(kind);
  envelope_.set_channel(channel_);
  *envelope_.mutable_timestamp() = Now();
  if (!reason.empty()) (*envelope_.mutable_metadata())["reason"] = row.reason;
  std::string body;
  body.reserve(envelope_.ByteSizeLong() + payload.size() + 8);
  envelope_.AppendToString(&body);
  AppendField(body, PayloadField(asset_kind), payload);

  const auto size = static_cast<int64_t>(body.size());
  const int64_t limit = limits_.max_event_bytes - (kind == pb::EVENT_ASSET_CREATED ? kReasonReserveBytes : 0);
  if (size > limit) {
    return Fail(ErrorKind::kExhausted, "the event of this change would have " + std::to_string(size) +
                                           " bytes, more than the " + std::to_string(limit) +
                                           " that subscribers can receive; make the asset smaller");
  }
  if (command_bytes_ + size > limits_.max_command_bytes) {
    return Fail(ErrorKind::kExhausted, "the events of this call would have more than " +
                                           std::to_string(limits_.max_command_bytes) +
                                           " bytes; split it into several calls");
  }
  row.body = std::make_shared<const std::string>(std::move(body));
  staged_bytes_ += size;
  command_bytes_ += size;
  if (asset_kind != pb::ASSET_COMPUTE_TASK) asset_bytes_ += static_cast<int64_t>(payload.size());
  changes_.events.push_back(std::move(row));
  head_ = Head{head_.position + 1, now_us_};
  return {};
}

}  // namespace orc
