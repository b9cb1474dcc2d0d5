// Writer: the one place where a channel changes. It runs all commands that are waiting as one batch in one transaction,
// commits once, then answers. An idle channel commits at once; a busy one batches by itself, so that no delay is ever
// added. When more wait than a batch takes, organizations take turns; those of one organization run in the order they
// come.
//
// Thread-safe. Owns a thread that writes, and one that answers commands while the next ones are written; Stop (or the
// destructor) ends both. A few commands are answered by the writing thread itself, which is sooner for them: answers of
// different batches come in any order.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/fair_queue.h"
#include "ledger/command.h"

namespace orc {

struct WriterLimits {
  size_t max_queued_commands = 10'000;
  int64_t max_queued_bytes = 128 << 20;  // of one organization half of it, unless nothing else of it waits
  size_t max_batch_commands = 512;
  int64_t max_batch_bytes = 16 << 20;
};

// What a writer tells about its work; called on its thread, between batches.
struct WriterEvents {
  // The newest events of a batch, contiguous up to `head` (older ones may be left out), after their commit.
  std::function<void(std::vector<EventRow> events, Head head)> on_commit;
  // Whether the store took the last write; called when that changes.
  std::function<void(bool writable)> on_writable;
};

class Writer {
 public:
  // `store` outlives the writer.
  Writer(std::string channel, ChannelStore& store, WorkspaceLimits workspace_limits, WriterLimits limits,
         WriterEvents events);
  ~Writer();

  // Queues the command. When the queue or the share of its organization is full, or the writer has stopped, the command
  // is finished at once with kUnavailable.
  void Submit(Command* command);

  const WriterMetrics& metrics() const { return metrics_; }
  // Commands that wait for the running batch to end.
  size_t QueuedCommands();

  // Runs what is queued, answers it, then ends the threads.
  void Stop();

 private:
  static constexpr size_t kWaitingAnswers = 4;  // batches

  void Work();
  bool HasRoomFor(const Command& command) const;  // requires mutex_
  // Waits for commands; empty: stopped and nothing is left. While the store is not writable, also returns without
  // commands now and then, with `probe` set.
  std::vector<Command*> TakeBatch(bool& probe);
  void RunBatch(const std::vector<Command*>& batch);
  void Answer(const std::vector<Command*>& batch, std::vector<Result<void>> outcomes);
  // The transaction of a batch; fills in the commands' own outcomes. Failure: of the store, for all of them.
  Result<void> WriteBatch(const std::vector<Command*>& batch, std::vector<Result<void>>& outcomes);
  Result<void> RunCommand(Command& command);
  // Rewrites the head as it is: whether the store takes writes again.
  void Probe();
  void SetWritable(bool writable);

  const std::string channel_;
  ChannelStore& store_;
  const WriterLimits limits_;
  const WriterEvents events_;

  // Of the thread.
  Workspace workspace_;
  bool writable_ = true;

  WriterMetrics metrics_;
  std::mutex mutex_;
  std::condition_variable wake_;
  FairQueue<Command*> queue_;  // weighed in bytes; guarded by mutex_, as is stopping_
  bool stopping_ = false;

  Executor answerer_{1, kWaitingAnswers};
  std::thread thread_;
};

}  // namespace orc
