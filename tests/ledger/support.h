// What the tests of this room share: a ledger of its own in a temporary folder, and requests as commands of its writer.
// Used by one thread, the test's; the writer has its own.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ledger/commands.h"
#include "ledger/writer.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/ledger/faulty_store.h"
#include "tests/ledger/requests.h"
#include "tests/store/temp_folder.h"

namespace orc {

inline constexpr char kChannel[] = "channel";

// The text of the error, or an empty one on success.
template <class T>
std::string TextOf(const Result<T>& result) {
  return result ? "" : result.error().text;
}

template <class T>
bool FailedAs(const Result<T>& result, ErrorKind kind) {
  return !result && result.error().kind == kind;
}

// A command that can be waited for.
class TestCommand : public Command {
 public:
  void Prefetch(Needs&) const override {}
  Result<void> Run(Workspace& workspace) override {
    ++runs;
    return run ? run(workspace) : Result<void>{};
  }
  void Finish(Result<void> outcome) override {
    ++finishes;
    outcome_.set_value(std::move(outcome));
  }
  bool IsAbandoned() const override { return abandoned; }
  int64_t SizeBytes() const override { return bytes; }
  const std::string& Organization() const override { return party; }

  // What is to be told before it is queued.
  virtual Result<void> CheckFirst() const { return {}; }
  // Waits for the outcome; to be called once.
  Result<void> Wait() { return outcome_.get_future().get(); }

  std::function<Result<void>(Workspace&)> run;
  std::atomic<int> runs = 0;
  std::atomic<int> finishes = 0;
  bool abandoned = false;
  int64_t bytes = 1;
  std::string party = "A";

 private:
  std::promise<Result<void>> outcome_;
};

inline Caller TestCaller(const std::string& organization) {
  return Caller{organization, kChannel, "request"};
}

// A request of an organization, as a command.
template <class Request, class Response>
class CallOf final : public TestCommand {
 public:
  CallOf(const std::string& organization, Request wanted)
      : request(std::move(wanted)), caller_(TestCaller(organization)) {
    run = [this](Workspace& workspace) {
      response.Clear();
      return Execute(caller_, request, workspace, response);
    };
    bytes = static_cast<int64_t>(request.ByteSizeLong());
  }
  Result<void> CheckFirst() const override { return Check(caller_, request); }
  void Prefetch(Needs& needs) const override { orc::Prefetch(request, needs); }

  const Request request;
  Response response;

 private:
  const Caller caller_;
};

// The response type of a request type: the last parameter of its Execute.
template <class Request, class Response>
Response ResponseOfExecute(Result<void> (*)(const Caller&, const Request&, Workspace&, Response&));
template <class Request>
using ResponseOf = decltype(ResponseOfExecute<Request>(&Execute));

template <class Request>
using Call = CallOf<Request, ResponseOf<Request>>;

template <class Request>
std::unique_ptr<Call<Request>> MakeCall(const std::string& organization, Request request) {
  return std::make_unique<Call<Request>>(organization, std::move(request));
}

// Holds the writer inside a batch of its own until it is opened, so that what is queued meanwhile becomes one batch.
class Gate final : public TestCommand {
 public:
  Gate() {
    run = [this](Workspace&) -> Result<void> {
      reached_.set_value();
      opened_.get_future().wait();
      return {};
    };
  }
  void WaitUntilReached() { reached_.get_future().wait(); }
  void Open() { opened_.set_value(); }

 private:
  std::promise<void> reached_;
  std::promise<void> opened_;
};

// What a writer has told.
class Told {
 public:
  WriterEvents Events() {
    return {[this](std::vector<EventRow> events, Head head) {
              const std::lock_guard lock(mutex_);
              for (EventRow& event : events) published_.push_back(std::move(event));
              head_ = head;
            },
            [this](bool writable) {
              const std::lock_guard lock(mutex_);
              writable_.push_back(writable);
              changed_.notify_all();
            }};
  }
  std::vector<EventRow> Published() const {
    const std::lock_guard lock(mutex_);
    return published_;
  }
  Head LastHead() const {
    const std::lock_guard lock(mutex_);
    return head_;
  }
  std::vector<bool> Writable() const {
    const std::lock_guard lock(mutex_);
    return writable_;
  }
  // Whether on_writable was called this often in time.
  bool WaitForWritable(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return writable_.size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<EventRow> published_;  // guarded by mutex_, as are the members below
  Head head_;
  std::vector<bool> writable_;
};

struct LedgerOptions {
  WorkspaceLimits workspace;
  WriterLimits writer;
};

// A channel with its store and its writer.
class TestLedger {
 public:
  explicit TestLedger(const LedgerOptions& options = {}) {
    SqliteOptions store_options;
    store_options.folder = folder_.path();
    store_ = std::move(*OpenSqliteStore(store_options));
    inner = *store_->OpenChannel(kChannel);
    store = std::make_unique<FaultyStore>(*inner);
    writer = std::make_unique<Writer>(kChannel, *store, options.workspace, options.writer, told.Events());
  }

  template <class Request>
  Result<ResponseOf<Request>> Do(const std::string& organization, Request request) {
    Call<Request> call(organization, std::move(request));
    Submit(call);
    ORC_TRY(call.Wait());
    return std::move(call.response);
  }

  void Submit(TestCommand& command) {
    if (Result<void> checked = command.CheckFirst(); !checked) {
      command.Finish(std::move(checked));
    } else {
      writer->Submit(&command);
    }
  }

  // Queues the commands while the writer is held, so that it finds all of them at once.
  void SubmitTogether(const std::vector<TestCommand*>& commands) {
    Gate gate;
    writer->Submit(&gate);
    gate.WaitUntilReached();
    for (TestCommand* command : commands) Submit(*command);
    gate.Open();
    EXPECT_EQ(TextOf(gate.Wait()), "");
  }

  // Runs the commands as one batch.
  std::vector<Result<void>> RunBatch(const std::vector<TestCommand*>& commands) {
    SubmitTogether(commands);
    std::vector<Result<void>> outcomes;
    for (TestCommand* command : commands) outcomes.push_back(command->Wait());
    return outcomes;
  }

  std::unique_ptr<Snapshot> Read() { return std::move(*inner->Read()); }

  // All events, in order of their positions, which are checked to be 1 to n.
  std::vector<pb::Event> Events() {
    const std::vector<EventRow> rows = *Read()->EventsAfter(0, 1'000'000, int64_t{1} << 40);
    std::vector<pb::Event> events;
    for (const EventRow& row : rows) {
      EXPECT_EQ(row.position, static_cast<int64_t>(events.size()) + 1);
      EXPECT_TRUE(events.emplace_back().ParseFromString(*row.body));
    }
    EXPECT_EQ(Read()->GetHead()->position, static_cast<int64_t>(events.size()));
    return events;
  }

  // The task as clients see it; it exists.
  pb::ComputeTask Task(const std::string& key) { return *GetTask(*Read(), *Key::FromCanonical(key), key); }

  ChannelStore* inner = nullptr;
  std::unique_ptr<FaultyStore> store;
  Told told;

 private:
  TempFolder folder_;
  std::unique_ptr<Store> store_;

 public:
  std::unique_ptr<Writer> writer;  // last: its thread uses the others
};

// Registers organization A, its function 1 and its plan 2.
inline void RegisterBasics(TestLedger& ledger) {
  ASSERT_EQ(TextOf(ledger.Do("A", pb::RegisterOrganizationParam())), "");
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionRequest(KeyText(1)))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", PlanRequest(KeyText(2)))), "");
}

// Lets function 1 become READY.
inline void BuildFunction(TestLedger& ledger) {
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_BUILDING))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_READY))), "");
}

}  // namespace orc
