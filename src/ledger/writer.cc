#include "ledger/writer.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "base/log.h"

namespace orc {
namespace {

constexpr auto kProbeInterval = std::chrono::seconds(1);
// Fewer answers are given sooner than they are handed to another thread.
constexpr size_t kHandedOver = 4;

int64_t ClockUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Writer::Writer(std::string channel, ChannelStore& store, WorkspaceLimits workspace_limits, WriterLimits limits,
               WriterEvents events)
    : channel_(channel),
      store_(store),
      limits_(limits),
      events_(std::move(events)),
      workspace_(std::move(channel), workspace_limits),
      thread_([this] { Work(); }) {}

Writer::~Writer() {
  Stop();
}

void Writer::Submit(Command* command) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && HasRoomFor(*command)) {
      queue_.Push(command->Organization(), command, command->SizeBytes());
      wake_.notify_one();
      return;
    }
  }
  command->Finish(
      Fail(ErrorKind::kUnavailable, "the server is stopping or too many calls are waiting; try again later"));
}

size_t Writer::QueuedCommands() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

bool Writer::HasRoomFor(const Command& command) const {
  const int64_t bytes = command.SizeBytes();
  const int64_t own_bytes = queue_.WeightOf(command.Organization());
  return queue_.size() < limits_.max_queued_commands && queue_.weight() + bytes <= limits_.max_queued_bytes &&
         (own_bytes == 0 || own_bytes + bytes <= limits_.max_queued_bytes / 2);
}

void Writer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  answerer_.Stop();
}

void Writer::Work() {
  for (;;) {
    bool probe = false;
    const std::vector<Command*> batch = TakeBatch(probe);
    if (probe) {
      Probe();
    } else if (batch.empty()) {
      return;
    } else {
      RunBatch(batch);
    }
  }
}

std::vector<Command*> Writer::TakeBatch(bool& probe) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !queue_.IsEmpty(); };
  if (writable_) {
    wake_.wait(lock, ready);
  } else if (!wake_.wait_for(lock, kProbeInterval, ready)) {
    probe = true;
    return {};
  }
  std::vector<Command*> batch;
  int64_t bytes = 0;
  while (!queue_.IsEmpty() && batch.size() < limits_.max_batch_commands) {
    const int64_t size = queue_.Next()->SizeBytes();
    if (!batch.empty() && bytes + size > limits_.max_batch_bytes) break;
    bytes += size;
    batch.push_back(queue_.Pop());
  }
  return batch;
}

void Writer::RunBatch(const std::vector<Command*>& batch) {
  std::vector<Result<void>> outcomes(batch.size());
  Result<void> written;
  try {
    written = WriteBatch(batch, outcomes);
  } catch (const std::exception& fault) {
    written = Fail(ErrorKind::kInternal, std::string("unexpected fault: ") + fault.what());
  }
  const bool changed = written && workspace_.HasChanges();
  if (written) {
    const Head head = workspace_.head();
    for (const TaskTally& tally : workspace_.Tallies()) metrics_.Committed(tally);
    std::vector<EventRow> events = workspace_.Committed();
    if (changed) {
      metrics_.batch_size.Observe(static_cast<double>(batch.size()));
      SetWritable(true);
      events_.on_commit(std::move(events), head);
    }
  } else {
    workspace_.Forget();
    metrics_.failed_batches.Add();
    if (written.error().kind == ErrorKind::kUnavailable) SetWritable(false);
    Log(LogLevel::kError, "batch not written",
        {{"channel", channel_}, {"error", written.error().text}, {"calls", std::to_string(batch.size())}});
  }
  if (!written) std::fill(outcomes.begin(), outcomes.end(), written);
  Answer(batch, std::move(outcomes));
  workspace_.Trim();
  store_.Maintain();
  // Calls that write nothing tell nothing about the store, but keep the writer from looking by itself.
  if (written && !changed && !writable_) Probe();
}

void Writer::Answer(const std::vector<Command*>& batch, std::vector<Result<void>> outcomes) {
  const auto answer = [batch, outcomes = std::move(outcomes)] {
    for (size_t i = 0; i < batch.size(); ++i) batch[i]->Finish(outcomes[i]);
  };
  if (batch.size() < kHandedOver || !answerer_.Submit(answer)) answer();
}

Result<void> Writer::WriteBatch(const std::vector<Command*>& batch, std::vector<Result<void>>& outcomes) {
  Log(LogLevel::kDebug, "new DB transaction", {{"ReadOnly", "false"}, {"channel", channel_}});
  ORC_ASSIGN(const std::unique_ptr<Transaction> transaction, store_.Begin());
  ORC_TRY(workspace_.Open(*transaction));
  Needs needs;
  for (const Command* command : batch) command->Prefetch(needs);
  ORC_TRY(workspace_.Load(needs));
  for (size_t i = 0; i < batch.size(); ++i) {
    outcomes[i] = RunCommand(*batch[i]);
    // A store that fails inside one command can't be trusted with the others of the same transaction.
    if (!outcomes[i] && outcomes[i].error().kind == ErrorKind::kUnavailable) return outcomes[i];
    ORC_TRY(workspace_.FlushIfLarge());
  }
  if (!workspace_.HasChanges()) return {};
  ORC_TRY(workspace_.Flush());
  const auto started = std::chrono::steady_clock::now();
  ORC_TRY(transaction->Commit());
  metrics_.commit_seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return {};
}

Result<void> Writer::RunCommand(Command& command) {
  if (command.IsAbandoned()) return Fail(ErrorKind::kCancelled, "the caller has left");
  workspace_.StartCommand(ClockUs());
  Result<void> outcome;
  try {
    outcome = command.Run(workspace_);
  } catch (const std::exception& fault) {
    // A fault in one call stays in that call.
    Log(LogLevel::kError, "call failed by a fault", {{"channel", channel_}, {"error", fault.what()}});
    outcome = Fail(ErrorKind::kInternal, "unexpected fault");
  }
  if (outcome) {
    workspace_.KeepCommand();
    return outcome;
  }
  if (workspace_.PartlyWritten()) {
    return Fail(ErrorKind::kUnavailable, "a call failed half-way: " + outcome.error().text);
  }
  workspace_.TakeBackCommand();
  return outcome;
}

void Writer::Probe() {
  const auto write = [this]() -> Result<void> {
    ORC_ASSIGN(const std::unique_ptr<Transaction> transaction, store_.Begin());
    ChangeSet nothing;
    ORC_ASSIGN(nothing.head, transaction->GetHead());
    ORC_TRY(transaction->Apply(nothing));
    return transaction->Commit();
  };
  SetWritable(write().has_value());
}

void Writer::SetWritable(bool writable) {
  if (writable == writable_) return;
  writable_ = writable;
  events_.on_writable(writable);
}

}  // namespace orc
