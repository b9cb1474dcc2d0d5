// Workspace: the unit of work of a channel's writer. It shows commands the channel as it is, with the effects of the
// commands before them, collects what they change and tell, and writes it in bulk.
//
// Life of a batch: Open; for each command StartCommand, then KeepCommand or TakeBackCommand; Flush; the writer commits;
// Committed; Trim. Anything that fails between Open and Committed is followed by Forget. Between batches the workspace
// keeps what it has read, within a bound, and uses it again only when the channel's head is the one it left.
//
// Owned and used by the channel's writer alone: not thread-safe. Functions that read fail as the store does; a store
// error makes the whole batch fail.
#pragma once

#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "domain/caller.h"
#include "ledger/table.h"
#include "ledger/writer_metrics.h"
#include "store/assets.h"

namespace orc {

// The rows that a command will ask for, as far as its request names them: loaded for all commands of a batch at once.
struct Needs {
  template <class T>
  void Add(const Key& key) {
    assets[AssetType<T>::kKind].push_back(StoreKey(key));
  }
  void AddOrganization(const std::string& id) { assets[orchestrator::ASSET_ORGANIZATION].push_back(id); }

  std::vector<std::string> assets[orchestrator::AssetKind_ARRAYSIZE];
  std::vector<Key> tasks;      // with their messages
  std::vector<Key> task_rows;  // without
  std::vector<Key> outputs;    // the assets registered on outputs of these tasks
  std::vector<Key> parents;    // the rows of the children of these tasks
};

struct WorkspaceLimits {
  int64_t max_event_bytes = 4 << 20;      // the largest event that subscribers can receive
  size_t max_cached_rows = 20'000;        // kept between batches
  int64_t max_cached_bytes = 64 << 20;    // of them, serialized
  int64_t max_command_bytes = 128 << 20;  // of events that one command may stage before they are written
  int64_t flush_bytes = 8 << 20;          // of staged events and rows, before FlushIfLarge writes
  int64_t max_published_bytes = 8 << 20;  // of events handed to the feed after the commit
};

class Workspace {
 public:
  Workspace(std::string channel, WorkspaceLimits limits);

  // --- the batch

  Result<void> Open(Transaction& transaction);
  // `now_us`: the clock; the command's time is later than that of every command before it.
  void StartCommand(int64_t now_us);
  void KeepCommand();
  void TakeBackCommand();
  Result<void> Flush();
  // The newest events of the batch, contiguous up to the new head; the older ones are left out when there are many.
  std::vector<EventRow> Committed();
  // Gives up what it knows if that is more than it may keep between batches. Takes time: for when nobody waits.
  void Trim();
  void Forget();
  // What the kept commands of the batch did to tasks, for those that did something; until the next batch.
  const std::vector<TaskTally>& Tallies() const { return tallies_; }
  // How many rows it knows.
  size_t CachedRows() const;
  bool HasChanges() const { return head_.position != opened_at_.position; }
  Head head() const { return head_; }

  // --- for commands: reading

  Result<void> Load(const Needs& needs);

  // nullptr: there is none.
  template <class T>
  Result<const Stored<T>*> Find(const std::string& store_key) {
    AssetTable<T>& table = Assets<T>();
    if (!table.Knows(store_key)) {
      ORC_TRY(LoadAssets<T>(std::span<const std::string>(&store_key, 1)));
    }
    return table.Get(store_key);
  }

  // kNotFound, naming `key` as the client wrote it.
  template <class T>
  Result<const Stored<T>*> Get(const std::string& store_key, std::string_view key) {
    ORC_ASSIGN(const Stored<T>* const found, Find<T>(store_key));
    if (found == nullptr) return NotFound(AssetType<T>::kName, key);
    return found;
  }

  Result<const TaskRow*> FindTaskRow(const Key& key);
  // A task with its message, whose status is 0: the row has it.
  struct TaskView {
    const TaskRow* row = nullptr;
    const orchestrator::ComputeTask* message = nullptr;
  };
  // Both nullptr when there is none.
  Result<TaskView> FindTask(const Key& key);
  // kNotFound, naming `text`.
  Result<TaskView> GetTask(const Key& key, std::string_view text);
  Result<const std::vector<OutputRow>*> Outputs(const Key& task);
  // These two order as Snapshot does and see what earlier commands of the batch did. Require that the running command
  // has changed nothing yet: to see those effects they may write them out.
  Result<std::vector<Key>> Children(const Key& parent);
  Result<std::vector<Key>> FunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status);

  Result<bool> IsRegistered(const std::string& organization);
  // kBadRequest when the caller is not registered in the channel (decisions.md D11).
  Result<void> RequireRegistered(const Caller& caller);

  // --- for commands: changing

  int64_t now_us() const { return now_us_; }
  google::protobuf::Timestamp Now() const;
  // The position that the next event gets, which is also the place in lists of an asset created by it.
  int64_t NextPosition() const { return head_.position + 1; }
  // Places in lists for assets created together, whose creation events have the positions NextPosition() + i * stride:
  // assets of equal creation date are listed by key.
  std::vector<int64_t> OrdersFor(std::span<const Key> keys, int64_t stride) const;

  template <class T>
  T& Insert(int64_t order, T asset) {
    std::string key = StoreKey(asset);
    return Assets<T>().Insert(key, Stored<T>{order, std::move(asset)}).asset;
  }
  template <class T>
  T& Change(const std::string& store_key) {
    return Assets<T>().Change(store_key).asset;
  }
  // `message` without its status.
  void InsertTask(TaskRow row, const orchestrator::ComputeTask& message, std::span<const Key> parents);
  TaskRow& ChangeTask(const Key& key);
  void AddOutput(OutputRow output);
  void AddSampleLink(SampleLink link) { changes_.sample_links.push_back(link); }
  void AddPlanFunction(PlanFunction link) { changes_.plan_functions.push_back(link); }

  // Tells that an asset was created, updated or disabled; the payload is the asset as it is now. `reason` empty: no
  // metadata. Fails with kExhausted when the event would be too large for subscribers, or the command would stage more
  // than one may.
  template <class T>
  Result<void> Emit(orchestrator::EventKind kind, std::string_view asset_key, const T& asset,
                    std::string_view reason = {}) {
    return EmitPayload(kind, AssetType<T>::kKind, asset_key, asset.SerializeAsString(), reason);
  }
  Result<void> EmitTask(orchestrator::EventKind kind, const Key& task, std::string_view reason = {});
  Result<void> Emit(orchestrator::EventKind kind, std::string_view asset_key,
                    const orchestrator::ComputeTaskOutputAsset& asset);
  Result<void> Emit(const orchestrator::ProfilingStep& step);

  // For commands with many effects: writes what is staged when it has grown large. What is written can't be taken back:
  // called only when nothing but the store can make the command fail. Pointers to tasks are no longer good afterwards.
  Result<void> FlushIfLarge();
  // Whether the running command has been written in part, or made the store fail while it was to take what earlier
  // commands staged: either way there is nothing to go back to.
  bool PartlyWritten() const { return partly_written_; }

 private:
  template <class T>
  using AssetTable = Table<std::string, Stored<T>>;

  // A task's message as it is stored; parsed only when somebody looks inside.
  struct TaskBody {
    std::string bytes;
    mutable std::shared_ptr<const orchestrator::ComputeTask> message;
  };

  template <class T>
  AssetTable<T>& Assets() {
    return std::get<AssetTable<T>>(assets_);
  }
  // fn(table) for every table.
  template <class F>
  void ForEachTable(F&& fn) {
    std::apply([&](auto&... tables) { (fn(tables), ...); }, assets_);
    fn(task_rows_);
    fn(task_bodies_);
    fn(outputs_);
  }

  template <class T>
  Result<void> LoadAssets(std::span<const std::string> keys) {
    AssetTable<T>& table = Assets<T>();
    std::vector<std::string> unknown;
    for (const std::string& key : keys) {
      if (!table.Knows(key)) unknown.push_back(key);
    }
    if (unknown.empty()) return {};
    ORC_ASSIGN(const std::vector<AssetRow> rows, transaction_->FindAssets(AssetType<T>::kKind, unknown));
    for (const AssetRow& row : rows) {
      asset_bytes_ += static_cast<int64_t>(row.body.size());
      Stored<T> stored{row.order, {}};
      ORC_TRY(Decode(row, stored.asset));
      table.Learn(row.key, std::move(stored));
    }
    for (const std::string& key : unknown) table.Learn(key, std::nullopt);
    return {};
  }
  Result<void> LoadTasks(std::span<const Key> keys);
  Result<void> LoadTaskRows(std::span<const Key> keys);
  Result<void> LoadOutputs(std::span<const Key> tasks);
  Result<void> LoadChildren(std::span<const Key> parents);

  Result<void> EmitPayload(orchestrator::EventKind kind, orchestrator::AssetKind asset_kind, std::string_view asset_key,
                           std::string_view payload, std::string_view reason);
  void DrainTables();
  void ClearTables();
  void Publish(std::vector<EventRow> events);
  bool CommandIsUntouched() const;

  const std::string channel_;
  const WorkspaceLimits limits_;
  std::mt19937 random_;

  Transaction* transaction_ = nullptr;
  Head opened_at_;       // the head when the batch began
  Head head_;            // with what is staged
  Head left_at_{-1, 0};  // the head at the end of the last batch: the state that the tables show
  int64_t now_us_ = 0;
  bool partly_written_ = false;

  std::tuple<AssetTable<orchestrator::Organization>, AssetTable<orchestrator::Function>,
             AssetTable<orchestrator::DataManager>, AssetTable<orchestrator::DataSample>,
             AssetTable<orchestrator::ComputePlan>, AssetTable<orchestrator::Model>,
             AssetTable<orchestrator::Performance>, AssetTable<orchestrator::FailureReport>>
      assets_;
  Table<Key, TaskRow, KeyHash> task_rows_;
  Table<Key, TaskBody, KeyHash> task_bodies_;
  Table<Key, std::vector<OutputRow>, KeyHash> outputs_;
  // Children loaded for this batch: of tasks that have few, and no new ones since.
  std::unordered_map<Key, std::vector<Key>, KeyHash> children_;
  // What has been put into the tables since they were cleared, serialized.
  int64_t asset_bytes_ = 0;
  int64_t task_bytes_ = 0;

  orchestrator::Event envelope_;  // of the event that is being made; kept for its memory

  ChangeSet changes_;  // what is staged outside the tables
  struct Marks {       // the sizes of what is staged and the head when the running command began
    size_t edges = 0, outputs = 0, sample_links = 0, plan_functions = 0, events = 0;
    int64_t staged_bytes = 0;
    Head head;
  } marks_;
  int64_t staged_bytes_ = 0;         // of changes_.events and of changed rows of tasks
  int64_t command_bytes_ = 0;        // of those, the running command's
  TaskTally tally_;                  // of the running command
  std::vector<TaskTally> tallies_;   // of the kept ones
  std::vector<EventRow> published_;  // flushed events of this batch, the newest ones
  int64_t published_bytes_ = 0;
};

}  // namespace orc
