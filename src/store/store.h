// The store: where channels live. What a store keeps is rows; what they mean is decided elsewhere.
//
// A Store hands out one ChannelStore per channel; channels share no row. A ChannelStore hands out Snapshots (any
// number at once, from any thread) and Transactions (one at a time, from the channel's writer). A Snapshot sees one
// state for its whole life: the newest one at a moment between Read() and the end of its first question. A Transaction
// sees its own changes over the newest committed state. Rows handed out are copies that the caller owns.
//
// Failures: every function that returns a Result fails with ErrorKind::kUnavailable when the medium cannot be read or
// written now (disk full, database away), and with kInternal when what is stored cannot be understood. After
// kUnavailable inside a Transaction it can only be destroyed. No function throws.
//
// Formats: docs/internals/formats.md. Every implementation passes the suite in tests/store/.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "computetask.pb.h"
#include "domain/error.h"
#include "domain/key.h"
#include "event.pb.h"

namespace orc {

// The newest event of a channel. Both are 0 in a channel without events; neither ever decreases.
struct Head {
  int64_t position = 0;
  int64_t timestamp_us = 0;  // microseconds since 1970, UTC

  bool operator==(const Head&) const = default;
};

// An asset that is not a task. `kind` is one of ORGANIZATION, FUNCTION, DATA_MANAGER, DATA_SAMPLE, COMPUTE_PLAN, MODEL,
// PERFORMANCE, FAILURE_REPORT.
struct AssetRow {
  orchestrator::AssetKind kind = orchestrator::ASSET_UNKNOWN;
  int64_t order = 0;  // place in lists of its kind; unique per kind, from 1
  std::string key;    // Key::Raw(); organization: its id; performance: "<task>|<output>"; failure report: Key::Raw()
  std::string group;  // what lists are filtered by: plan: owner; model, performance: Key::Raw() of the task; else empty
  std::string label;  // performance: output identifier; else empty
  std::string body;   // the serialized message
};

// The small part of a task: all that changes and all that lists are filtered by.
struct TaskRow {
  int64_t order = 0;  // place in lists of tasks, from 1; after those of all tasks of earlier transactions
  Key key;
  Key plan;
  Key function;
  std::string worker;
  orchestrator::ComputeTaskStatus status = orchestrator::STATUS_UNKNOWN;
  int32_t rank = 0;
  int32_t pending_parents = 0;  // distinct parents that are not DONE

  bool operator==(const TaskRow&) const = default;
};

// A task with its serialized ComputeTask, whose `status` is left at 0: the row has it.
struct FullTaskRow {
  TaskRow row;
  std::string body;
};

// `child` takes an output of `parent`, its place-th distinct parent, from 0.
struct ParentEdge {
  Key parent;
  Key child;
  int32_t place = 0;
};

// An asset registered on an output of a task.
struct OutputRow {
  Key task;
  std::string identifier;
  orchestrator::AssetKind kind = orchestrator::ASSET_UNKNOWN;  // MODEL or PERFORMANCE
  std::string asset_key;                                       // as AssetRow::key of that kind
};

// A data sample that belongs to a data manager.
struct SampleLink {
  Key manager;
  int64_t sample_order = 0;
  Key sample;
};

// A function used by a task of a plan.
struct PlanFunction {
  Key plan;
  int64_t function_order = 0;
};

struct EventRow {
  int64_t position = 0;
  std::string id;  // UUID text
  orchestrator::AssetKind asset_kind = orchestrator::ASSET_UNKNOWN;
  orchestrator::EventKind event_kind = orchestrator::EVENT_UNKNOWN;
  std::string asset_key;  // as clients see it
  int64_t timestamp_us = 0;
  std::string reason;  // metadata "reason"; empty: no metadata
  // The serialized Event, complete. Shared: subscribers are served from the very bytes that were stored.
  std::shared_ptr<const std::string> body;
};

// What a transaction writes. Rows are applied in the order of the members, elements in their order.
struct ChangeSet {
  std::vector<AssetRow> new_assets;
  std::vector<AssetRow> changed_assets;  // kind and key name the row; group, label and body replace what is stored
  std::vector<FullTaskRow> new_tasks;
  std::vector<TaskRow> changed_tasks;  // key names the row; status and pending_parents replace what is stored
  std::vector<ParentEdge> edges;
  std::vector<OutputRow> outputs;            // registration order
  std::vector<SampleLink> sample_links;      // existing ones are left as they are
  std::vector<PlanFunction> plan_functions;  // existing ones are left as they are
  std::vector<EventRow> events;              // positions continue the channel's
  Head head;                                 // after the events
};

// Which part of a list to read: rows whose order lies beyond `after` (before it when descending), without the first
// `skip` of them, at most `limit`, and no more once `max_bytes` of bodies are read.
struct Page {
  int64_t after = 0;  // 0: from the start (the end when descending)
  int64_t skip = 0;   // from the decimal page tokens of old clients; costs what it skips
  int32_t limit = 0;  // at least 1
  bool descending = false;
  int64_t max_bytes = std::numeric_limits<int64_t>::max();
};

struct AssetFilter {
  std::optional<std::string> group;
  std::optional<std::string> label;
};

struct TaskFilter {
  std::optional<std::string> worker;
  std::optional<int32_t> status;
  std::optional<Key> plan;
  std::optional<Key> function;
};

struct EventFilter {
  std::optional<std::string> asset_key;
  std::optional<int32_t> asset_kind;
  std::optional<int32_t> event_kind;
  std::optional<std::string> reason;
  std::optional<int64_t> start_us;  // inclusive
  std::optional<int64_t> end_us;    // inclusive
};

struct TaskRef {
  int64_t order = 0;
  int32_t rank = 0;
  Key key;
};

// Not thread-safe; may move between threads. Look-ups return what exists, in any order, each row once, and leave out
// what does not; lists are in ascending order unless said otherwise.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  virtual Result<Head> GetHead() = 0;

  virtual Result<std::vector<AssetRow>> FindAssets(orchestrator::AssetKind kind, std::span<const std::string> keys) = 0;
  virtual Result<std::vector<AssetRow>> ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter,
                                                   const Page& page) = 0;
  // The functions used by tasks of `plan`, in the order of functions.
  virtual Result<std::vector<AssetRow>> ListPlanFunctions(const Key& plan, const Page& page) = 0;
  // The keys of all samples of `manager`, in the order of samples.
  virtual Result<std::vector<Key>> ListManagerSamples(const Key& manager) = 0;

  virtual Result<std::vector<TaskRow>> FindTaskRows(std::span<const Key> keys) = 0;
  virtual Result<std::vector<FullTaskRow>> FindTasks(std::span<const Key> keys) = 0;
  virtual Result<std::vector<FullTaskRow>> ListTasks(const TaskFilter& filter, const Page& page) = 0;
  // All tasks of `function` in `status`, ordered by rank, then by place in lists.
  virtual Result<std::vector<TaskRef>> ListFunctionTasks(const Key& function,
                                                         orchestrator::ComputeTaskStatus status) = 0;
  // The tasks that take an output of `parent`, ordered by place, then by place in lists of the child.
  virtual Result<std::vector<Key>> ListChildren(const Key& parent) = 0;
  // The same of several parents, each once, and at most `limit` of each: `parent` and `child` alone are filled in.
  virtual Result<std::vector<ParentEdge>> ListEdges(std::span<const Key> parents, size_t limit) = 0;
  // The assets registered on outputs of `tasks`; those of one task in registration order.
  virtual Result<std::vector<OutputRow>> FindOutputs(std::span<const Key> tasks) = 0;
  // Whether a task of `plan` is in a status that is not final.
  virtual Result<bool> HasUnfinishedTask(const Key& plan) = 0;

  // Ordered by position; Page::after is a position.
  virtual Result<std::vector<EventRow>> ListEvents(const EventFilter& filter, const Page& page) = 0;
  // The events after `position`, at most `limit`, and no more once `max_bytes` of bodies are read. Only position and
  // body are filled in.
  virtual Result<std::vector<EventRow>> EventsAfter(int64_t position, int32_t limit, int64_t max_bytes) = 0;
  // The position of the event with this id; nothing when there is none. `id` is a canonical UUID.
  virtual Result<std::optional<int64_t>> FindEvent(std::string_view id) = 0;
};

// Changes become visible to others at Commit, all or none. Destroying an uncommitted transaction takes them back.
class Transaction : public Snapshot {
 public:
  // May be called several times.
  virtual Result<void> Apply(const ChangeSet& changes) = 0;
  // On success everything applied is durable. kUnavailable: nothing of it is.
  virtual Result<void> Commit() = 0;
};

// When the answer to a question is of no more use to whoever asks.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

// Thread-safe, but for Begin and Maintain, which the channel's writer alone calls.
class ChannelStore {
 public:
  virtual ~ChannelStore() = default;

  // Waits for a free reader when all are taken, for at most a few seconds; then kUnavailable. No wait, and no question
  // that another process answers, lasts much longer than until `deadline`; then kUnavailable too.
  virtual Result<std::unique_ptr<Snapshot>> Read(Deadline deadline) = 0;
  Result<std::unique_ptr<Snapshot>> Read() { return Read(kNoDeadline); }
  // At most one transaction exists at a time.
  virtual Result<std::unique_ptr<Transaction>> Begin() = 0;
  // Housekeeping between transactions; called after every commit, cheap when there is nothing to do.
  virtual void Maintain() = 0;
};

// Milliseconds until `deadline`, from 1 to `longest_ms`.
int32_t MillisecondsUntil(Deadline deadline, int32_t longest_ms);

// What a Store tells by itself. Called one at a time, on a thread of the Store; not to call the Store back.
struct StoreEvents {
  // Another process has committed to an open channel: its newest event. May skip some and is told late, by an interval
  // at most. May also tell of this process's own commits.
  std::function<void(const std::string& channel, const Head& head)> on_head;
  // Whether the Store can be read, as it was found just now.
  std::function<void(bool available)> on_available;
};

// Thread-safe. Outlives its channels and everything they hand out.
class Store {
 public:
  virtual ~Store() = default;

  // Opens or creates a channel. The same name gives the same object, which the Store owns.
  virtual Result<ChannelStore*> OpenChannel(const std::string& channel) = 0;

  // From now on tells `events`, and nobody else; members may be empty. Once it returns, no call of those told before is
  // under way. A Store that no other process can use is always available and tells nothing.
  virtual void Follow(StoreEvents events) = 0;
};

}  // namespace orc
