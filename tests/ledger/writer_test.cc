// The writer: batches, their isolation, queue bounds, failures of the store.
#include "ledger/writer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/ledger/support.h"

namespace orc {
namespace {

using Outcomes = std::vector<Result<void>>;

// The head that is stored.
Head StoredHead(TestLedger& ledger) {
  return *ledger.Read()->GetHead();
}

size_t CountAssets(TestLedger& ledger, pb::AssetKind kind) {
  Page page;
  page.limit = 1'000'000;
  return ledger.Read()->ListAssets(kind, {}, page)->size();
}

TEST(Writer, CommandsOfOneBatchSeeEachOther) {
  TestLedger ledger;
  const auto organization = MakeCall("A", pb::RegisterOrganizationParam());
  const auto function = MakeCall("A", FunctionRequest(KeyText(1)));
  const auto building = MakeCall("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_BUILDING));
  const auto plan = MakeCall("A", PlanRequest(KeyText(2)));
  const auto parent = MakeCall("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}));
  const auto ready = MakeCall("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_READY));
  const auto child =
      MakeCall("A", TasksRequest({TaskRequest(KeyText(11), KeyText(2), KeyText(1), "A", {KeyText(10)})}));
  const auto executing = MakeCall("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_EXECUTING));
  const auto model = MakeCall("A", ModelRequest(KeyText(20), KeyText(10), "models"));
  const auto done = MakeCall("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_DONE));
  const auto child_executing = MakeCall("A", TaskActionRequest(KeyText(11), pb::TASK_ACTION_EXECUTING));
  const int commits = ledger.store->Count(StoreCall::kCommit);
  for (const Result<void>& outcome :
       ledger.RunBatch({organization.get(), function.get(), building.get(), plan.get(), parent.get(), ready.get(),
                        child.get(), executing.get(), model.get(), done.get(), child_executing.get()})) {
    EXPECT_EQ(TextOf(outcome), "");
  }
  EXPECT_EQ(ledger.store->Count(StoreCall::kCommit), commits + 1);
  EXPECT_EQ(ledger.Task(KeyText(10)).status(), pb::STATUS_DONE);
  EXPECT_EQ(ledger.Task(KeyText(11)).status(), pb::STATUS_EXECUTING);
  EXPECT_EQ(child->response.tasks(0).status(), pb::STATUS_WAITING_FOR_PARENT_TASKS);
  EXPECT_EQ(ledger.Events().size(), 14U);
}

TEST(Writer, ARefusedCommandLeavesNoTraceAndCostsItsNeighboursNothing) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const Head before = StoredHead(ledger);
  const auto first = MakeCall("A", PlanRequest(KeyText(3)));
  // The second task is refused when the first one is staged already.
  const auto refused = MakeCall("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A"),
                                                   TaskRequest(KeyText(11), KeyText(2), KeyText(1), "nobody")}));
  const auto second = MakeCall("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}));
  const Outcomes outcomes = ledger.RunBatch({first.get(), refused.get(), second.get()});
  EXPECT_EQ(TextOf(outcomes[0]), "");
  EXPECT_EQ(TextOf(outcomes[1]), "OE0002: organization with key \"nobody\" not found");
  EXPECT_EQ(TextOf(outcomes[2]), "");
  EXPECT_EQ(StoredHead(ledger).position, before.position + 2);
  ledger.Events();
  const std::vector<Key> keys = {TestKey(10), TestKey(11)};
  EXPECT_EQ(ledger.Read()->FindTaskRows(keys)->size(), 1U);
}

TEST(Writer, ABatchOfRefusalsCommitsNothing) {
  TestLedger ledger;
  const auto refused = MakeCall("A", PlanRequest(KeyText(3)));
  const Outcomes outcomes = ledger.RunBatch({refused.get()});
  EXPECT_EQ(TextOf(outcomes[0]), "OE0003: organization \"A\" is not registered in channel \"channel\"");
  EXPECT_EQ(ledger.store->Count(StoreCall::kApply), 0);
  EXPECT_EQ(ledger.store->Count(StoreCall::kCommit), 0);
  EXPECT_TRUE(ledger.told.Published().empty());
}

TEST(Writer, AFaultInACommandStaysInThatCommand) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const auto first = MakeCall("A", PlanRequest(KeyText(3)));
  TestCommand faulty;
  faulty.run = [](Workspace& workspace) -> Result<void> {
    pb::Organization organization;
    organization.set_id("B");
    const pb::Organization& stored = workspace.Insert(workspace.NextPosition(), organization);
    EXPECT_EQ(TextOf(workspace.Emit(pb::EVENT_ASSET_CREATED, "B", stored)), "");
    throw std::runtime_error("a fault");
  };
  // Makes the row known, so that the fault comes after a change.
  const auto look = MakeCall("B", PlanRequest(KeyText(4)));
  const auto second = MakeCall("A", PlanRequest(KeyText(5)));
  const Outcomes outcomes = ledger.RunBatch({first.get(), look.get(), &faulty, second.get()});
  EXPECT_EQ(TextOf(outcomes[0]), "");
  EXPECT_EQ(TextOf(outcomes[2]), "OE0007: unexpected fault");
  EXPECT_EQ(TextOf(outcomes[3]), "");
  EXPECT_EQ(CountAssets(ledger, pb::ASSET_ORGANIZATION), 1U);
  EXPECT_EQ(ledger.Events().size(), 5U);
}

TEST(Writer, PublishesWhatItCommitted) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const std::vector<EventRow> published = ledger.told.Published();
  const std::vector<EventRow> stored = *ledger.Read()->EventsAfter(0, 100, 1 << 20);
  ASSERT_EQ(published.size(), stored.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(published[i].position, stored[i].position);
    EXPECT_EQ(*published[i].body, *stored[i].body);
  }
  EXPECT_EQ(ledger.told.LastHead(), StoredHead(ledger));
}

TEST(Writer, PublishesOnlyTheNewestEventsOfAHugeBatch) {
  LedgerOptions options;
  options.workspace.max_published_bytes = 1000;
  TestLedger ledger(options);
  RegisterBasics(ledger);
  std::vector<pb::NewComputeTask> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(TaskRequest(KeyText(10 + i), KeyText(2), KeyText(1), "A"));
  const size_t before = ledger.told.Published().size();
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest(std::move(tasks)))), "");
  const std::vector<EventRow> published = ledger.told.Published();
  ASSERT_GT(published.size(), before);
  EXPECT_LT(published.size(), before + 10);
  EXPECT_EQ(published.back().position, ledger.told.LastHead().position);
  for (size_t i = before + 1; i < published.size(); ++i) {
    EXPECT_EQ(published[i].position, published[i - 1].position + 1);
  }
}

// ---- queue

TEST(Writer, ACommandBeyondTheQueueIsAnsweredAtOnce) {
  LedgerOptions options;
  options.writer.max_queued_commands = 2;
  TestLedger ledger(options);
  Gate gate;
  ledger.Submit(gate);
  gate.WaitUntilReached();
  TestCommand queued[2];
  TestCommand refused;
  for (TestCommand& command : queued) ledger.Submit(command);
  ledger.Submit(refused);
  EXPECT_TRUE(FailedAs(refused.Wait(), ErrorKind::kUnavailable));
  gate.Open();
  for (TestCommand& command : queued) EXPECT_EQ(TextOf(command.Wait()), "");
  EXPECT_EQ(refused.runs, 0);
}

TEST(Writer, TheQueueIsBoundedInBytes) {
  LedgerOptions options;
  options.writer.max_queued_bytes = 100;
  TestLedger ledger(options);
  Gate gate;
  ledger.Submit(gate);
  gate.WaitUntilReached();
  TestCommand first;
  first.bytes = 60;
  TestCommand refused;
  refused.bytes = 41;
  TestCommand second;
  second.bytes = 40;
  second.party = "B";
  ledger.Submit(first);
  ledger.Submit(refused);
  ledger.Submit(second);
  EXPECT_TRUE(FailedAs(refused.Wait(), ErrorKind::kUnavailable));
  gate.Open();
  EXPECT_EQ(TextOf(first.Wait()), "");
  EXPECT_EQ(TextOf(second.Wait()), "");
  TestCommand later;  // the queue is empty again
  later.bytes = 100;
  ledger.Submit(later);
  EXPECT_EQ(TextOf(later.Wait()), "");
}

TEST(Writer, OneOrganizationFillsHalfOfTheQueueAtMost) {
  LedgerOptions options;
  options.writer.max_queued_bytes = 100;
  TestLedger ledger(options);
  Gate gate;
  ledger.Submit(gate);
  gate.WaitUntilReached();
  TestCommand commands[4];
  for (TestCommand& command : commands) command.bytes = 30;
  commands[2].party = commands[3].party = "B";
  commands[3].bytes = 20;
  for (TestCommand& command : commands) ledger.Submit(command);
  EXPECT_TRUE(FailedAs(commands[1].Wait(), ErrorKind::kUnavailable));
  gate.Open();
  for (TestCommand* const command : {&commands[0], &commands[2], &commands[3]}) EXPECT_EQ(TextOf(command->Wait()), "");
}

TEST(Writer, OrganizationsTakeTurns) {
  LedgerOptions options;
  options.writer.max_batch_commands = 1;
  TestLedger ledger(options);
  Gate gate;
  ledger.Submit(gate);
  gate.WaitUntilReached();
  std::string order;  // of the writer's thread
  const std::string names = "AAAABBC";
  std::vector<std::unique_ptr<TestCommand>> commands;
  for (const char name : names) {
    commands.push_back(std::make_unique<TestCommand>());
    commands.back()->party = name;
    commands.back()->run = [&order, name](Workspace&) -> Result<void> {
      order += name;
      return {};
    };
    ledger.Submit(*commands.back());
  }
  gate.Open();
  for (const auto& command : commands) EXPECT_EQ(TextOf(command->Wait()), "");
  EXPECT_EQ(order, "ABCABAA");
}

TEST(Writer, BatchesAreBoundedInCommandsAndBytes) {
  LedgerOptions options;
  options.writer.max_batch_commands = 3;
  options.writer.max_batch_bytes = 10;
  TestLedger ledger(options);
  const auto batches_for = [&](const std::vector<int64_t>& sizes) {
    std::vector<std::unique_ptr<TestCommand>> commands;
    std::vector<TestCommand*> batch;
    for (const int64_t bytes : sizes) {
      commands.push_back(std::make_unique<TestCommand>());
      commands.back()->bytes = bytes;
      batch.push_back(commands.back().get());
    }
    const int begun = ledger.store->Count(StoreCall::kBegin);
    for (const Result<void>& outcome : ledger.RunBatch(batch)) EXPECT_EQ(TextOf(outcome), "");
    return ledger.store->Count(StoreCall::kBegin) - begun - 1;  // the gate has one of its own
  };
  EXPECT_EQ(batches_for({1, 1, 1}), 1);
  EXPECT_EQ(batches_for({1, 1, 1, 1}), 2);
  EXPECT_EQ(batches_for({5, 5}), 1);
  EXPECT_EQ(batches_for({5, 6}), 2);
  EXPECT_EQ(batches_for({11}), 1);  // larger than a batch may be: a batch of its own
  EXPECT_EQ(batches_for({1, 11, 1}), 3);
}

// So many at once that the writer hands their answers over to its other thread.
std::vector<std::unique_ptr<TestCommand>> ManyPlans() {
  std::vector<std::unique_ptr<TestCommand>> plans;
  for (int64_t i = 0; i < 6; ++i) plans.push_back(MakeCall("A", PlanRequest(KeyText(100 + i))));
  return plans;
}

// Holds the thread that answers it until it is opened.
class SlowAnswer final : public TestCommand {
 public:
  void Finish(Result<void> outcome) override {
    reached_.set_value();
    opened_.get_future().wait();
    TestCommand::Finish(std::move(outcome));
  }
  void WaitUntilReached() { reached_.get_future().wait(); }
  void Open() { opened_.set_value(); }

 private:
  std::promise<void> reached_;
  std::promise<void> opened_;
};

TEST(Writer, StopRunsWhatIsQueuedAndRefusesTheRest) {
  TestLedger ledger;
  RegisterBasics(ledger);
  Gate gate;
  ledger.Submit(gate);
  gate.WaitUntilReached();
  SlowAnswer slow;
  ledger.Submit(slow);
  const auto queued = ManyPlans();
  for (const auto& plan : queued) ledger.Submit(*plan);
  std::thread stopper([&] {
    ledger.writer->Stop();
    for (const auto& plan : queued) EXPECT_EQ(plan->finishes, 1);
  });
  gate.Open();
  slow.WaitUntilReached();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // for a Stop that would not wait for answers
  slow.Open();
  stopper.join();
  for (const auto& plan : queued) EXPECT_EQ(TextOf(plan->Wait()), "");
  TestCommand late;
  ledger.Submit(late);
  EXPECT_TRUE(FailedAs(late.Wait(), ErrorKind::kUnavailable));
  EXPECT_EQ(late.runs, 0);
  EXPECT_EQ(CountAssets(ledger, pb::ASSET_COMPUTE_PLAN), queued.size() + 1);
}

// Batches wait for it, but no more than a few: the writer goes on, and answers what comes after them itself.
TEST(Writer, ASlowAnswerHoldsBackFourBatches) {
  constexpr size_t kBatch = 4;
  constexpr size_t kWaiting = 4 * kBatch;
  LedgerOptions options;
  options.writer.max_batch_commands = kBatch;
  TestLedger ledger(options);
  SlowAnswer slow;
  std::vector<TestCommand> neighbours(kBatch - 1);
  std::vector<TestCommand> later(kWaiting + 2 * kBatch);
  std::vector<TestCommand*> first = {&slow};
  for (TestCommand& command : neighbours) first.push_back(&command);
  ledger.SubmitTogether(first);
  slow.WaitUntilReached();
  std::vector<TestCommand*> second;
  for (TestCommand& command : later) second.push_back(&command);
  ledger.SubmitTogether(second);
  TestCommand last;  // alone in its batch, which is answered by the writer, after the others
  ledger.Submit(last);
  EXPECT_EQ(TextOf(last.Wait()), "");
  for (size_t i = 0; i < later.size(); ++i) EXPECT_EQ(later[i].finishes, i < kWaiting ? 0 : 1) << i;
  slow.Open();
  ledger.writer->Stop();
  for (const std::vector<TestCommand*>& commands : {first, second}) {
    for (TestCommand* const command : commands) {
      ASSERT_EQ(command->finishes, 1);
      EXPECT_EQ(TextOf(command->Wait()), "");
    }
  }
}

TEST(Writer, AnAbandonedCommandIsNotRun) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const auto abandoned = MakeCall("A", PlanRequest(KeyText(3)));
  abandoned->abandoned = true;
  const auto other = MakeCall("A", PlanRequest(KeyText(4)));
  const Outcomes outcomes = ledger.RunBatch({abandoned.get(), other.get()});
  EXPECT_TRUE(FailedAs(outcomes[0], ErrorKind::kCancelled));
  EXPECT_EQ(TextOf(outcomes[1]), "");
  EXPECT_EQ(abandoned->runs, 0);
  EXPECT_EQ(CountAssets(ledger, pb::ASSET_COMPUTE_PLAN), 2U);
}

// ---- a store that fails

struct FailingCall {
  const char* name;
  StoreCall call;
  FaultyStore::Fault fault;
};

class WriterOnFailingStore : public testing::TestWithParam<FailingCall> {};

// Whatever fails, all of the batch are told, nothing is stored, and the writer goes on as soon as the store does.
TEST_P(WriterOnFailingStore, FailsTheBatchWithoutTraceAndRecovers) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const std::vector<pb::Event> before = ledger.Events();
  const auto first = MakeCall("A", PlanRequest(KeyText(3)));
  const auto second = MakeCall("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}));
  const auto others = ManyPlans();
  {
    Gate gate;
    ledger.Submit(gate);
    gate.WaitUntilReached();
    ledger.Submit(*first);
    ledger.Submit(*second);
    for (const auto& plan : others) ledger.Submit(*plan);
    ledger.store->Fail(GetParam().call, GetParam().fault);
    gate.Open();
    EXPECT_EQ(TextOf(gate.Wait()), "");
  }
  EXPECT_TRUE(FailedAs(first->Wait(), ErrorKind::kUnavailable));
  EXPECT_TRUE(FailedAs(second->Wait(), ErrorKind::kUnavailable));
  for (const auto& plan : others) EXPECT_TRUE(FailedAs(plan->Wait(), ErrorKind::kUnavailable));
  EXPECT_EQ(ledger.Events().size(), before.size());
  EXPECT_EQ(CountAssets(ledger, pb::ASSET_COMPUTE_PLAN), 1U);
  EXPECT_EQ(ledger.told.Published().size(), before.size());

  // Nobody calls, yet the writer finds out that the store is back.
  ASSERT_TRUE(ledger.told.WaitForWritable(2));
  EXPECT_EQ(ledger.told.Writable(), (std::vector<bool>{false, true}));
  EXPECT_EQ(StoredHead(ledger).position, static_cast<int64_t>(before.size()));

  EXPECT_EQ(TextOf(ledger.Do("A", PlanRequest(KeyText(3)))), "");
  EXPECT_EQ(TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}))), "");
  EXPECT_EQ(ledger.Events().size(), before.size() + 2);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, WriterOnFailingStore,
    testing::Values(FailingCall{"Begin", StoreCall::kBegin, {}}, FailingCall{"Head", StoreCall::kRead, {}},
                    FailingCall{"LookUp", StoreCall::kRead, {1}}, FailingCall{"Apply", StoreCall::kApply, {}},
                    FailingCall{"ApplyHalfWay", StoreCall::kApply, {0, 1, ErrorKind::kUnavailable, true}},
                    FailingCall{"Commit", StoreCall::kCommit, {}}),
    [](const auto& test) { return test.param.name; });

TEST(Writer, ASuccessfulWriteTellsThatTheStoreIsBack) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ledger.store->Fail(StoreCall::kCommit, {});
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(3))), ErrorKind::kUnavailable));
  EXPECT_EQ(TextOf(ledger.Do("A", PlanRequest(KeyText(3)))), "");
  EXPECT_EQ(ledger.told.Writable(), (std::vector<bool>{false, true}));
}

TEST(Writer, ABatchThatWritesNothingDoesNotTellThatTheStoreIsBack) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ledger.store->Fail(StoreCall::kCommit, {0, 1'000'000});
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(3))), ErrorKind::kUnavailable));
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(2))), ErrorKind::kConflict));
  EXPECT_EQ(ledger.told.Writable(), (std::vector<bool>{false}));
}

TEST(Writer, FindsOutThatTheStoreIsBackAlsoWhileItRefusesCalls) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ledger.store->Fail(StoreCall::kCommit, {});
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(3))), ErrorKind::kUnavailable));
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(2))), ErrorKind::kConflict));
  TestCommand next;  // answered after the batch before it has ended
  ledger.Submit(next);
  EXPECT_EQ(TextOf(next.Wait()), "");
  EXPECT_EQ(ledger.told.Writable(), (std::vector<bool>{false, true}));
}

TEST(Writer, DamageTellsNothingAboutWhetherTheStoreTakesWrites) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const size_t before = ledger.Events().size();
  ledger.store->Fail(StoreCall::kApply, {0, 1, ErrorKind::kInternal});
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(3))), ErrorKind::kInternal));
  EXPECT_TRUE(ledger.told.Writable().empty());
  ledger.store->Fail(StoreCall::kCommit, {});
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(3))), ErrorKind::kUnavailable));
  ledger.store->Fail(StoreCall::kApply, {0, 1, ErrorKind::kInternal});
  EXPECT_TRUE(FailedAs(ledger.Do("A", PlanRequest(KeyText(3))), ErrorKind::kInternal));
  EXPECT_EQ(ledger.told.Writable(), (std::vector<bool>{false}));
  EXPECT_EQ(ledger.Events().size(), before);
}

// The second command makes the writer write what the first one staged; when that fails, the first one is lost too.
TEST(Writer, AStoreThatFailsBetweenCommandsFailsTheBatch) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const size_t before = ledger.Events().size();
  const auto tasks = MakeCall("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}));
  const auto building = MakeCall("A", FunctionActionRequest(KeyText(1), pb::FUNCTION_ACTION_BUILDING));
  const auto plan = MakeCall("A", PlanRequest(KeyText(3)));
  ledger.store->Fail(StoreCall::kApply, {0, 1, ErrorKind::kInternal, true});
  for (const Result<void>& outcome : ledger.RunBatch({tasks.get(), building.get(), plan.get()})) {
    EXPECT_FALSE(outcome.has_value());
  }
  EXPECT_EQ(ledger.Events().size(), before);
}

TEST(Writer, RowsReadEarlierAreNotUsedWhenSomebodyElseWrote) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", PlanUpdate(KeyText(2), "mine"))), "");
  ledger.store->BeforeBegin([](ChannelStore& store) {
    // Another process terminates the plan.
    Workspace other(kChannel, {});
    const std::unique_ptr<Transaction> transaction = std::move(*store.Begin());
    EXPECT_EQ(TextOf(other.Open(*transaction)), "");
    other.StartCommand(0);
    pb::ApplyPlanActionParam request;
    request.set_key(KeyText(2));
    request.set_action(pb::PLAN_ACTION_CANCELED);
    pb::ApplyPlanActionResponse response;
    EXPECT_EQ(TextOf(Execute(TestCaller("A"), request, other, response)), "");
    other.KeepCommand();
    EXPECT_EQ(TextOf(other.Flush()), "");
    EXPECT_EQ(TextOf(transaction->Commit()), "");
  });
  pb::ApplyPlanActionParam again;
  again.set_key(KeyText(2));
  again.set_action(pb::PLAN_ACTION_CANCELED);
  EXPECT_EQ(TextOf(ledger.Do("A", again)), "OE0109: compute plan " + KeyText(2) + " is already terminated");
  ASSERT_EQ(TextOf(ledger.Do("A", PlanUpdate(KeyText(2), "mine again"))), "");
  EXPECT_TRUE(ledger.Events().back().compute_plan().has_cancelation_date());
}

TEST(Writer, RowsAreReadOnceWhenNobodyElseWrites) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", PlanUpdate(KeyText(2), "first"))), "");
  const int read = ledger.store->Count(StoreCall::kRead);
  ASSERT_EQ(TextOf(ledger.Do("A", PlanUpdate(KeyText(2), "second"))), "");
  EXPECT_EQ(ledger.store->Count(StoreCall::kRead), read + 1);  // the head
}

TEST(Writer, RowsReadForRefusedCallsAreNotKeptForEver) {
  LedgerOptions options;
  options.workspace.max_cached_rows = 10;
  TestLedger ledger(options);
  RegisterBasics(ledger);
  const auto look_up = [&](int64_t number) {
    const int before = ledger.store->Count(StoreCall::kRead);
    EXPECT_TRUE(FailedAs(ledger.Do("A", PlanUpdate(KeyText(number), "name")), ErrorKind::kNotFound));
    return ledger.store->Count(StoreCall::kRead) - before;
  };
  EXPECT_EQ(look_up(100), 2);  // the head and the plan
  EXPECT_EQ(look_up(100), 1);
  for (int64_t number = 101; number < 120; ++number) EXPECT_EQ(look_up(number), 2);
  EXPECT_EQ(look_up(100), 2);
}

TEST(Writer, PositionsHaveNoGapsWhateverFailsInBetween) {
  TestLedger ledger;
  RegisterBasics(ledger);
  size_t stored = 3;
  for (int round = 0; round < 24; ++round) {
    const auto good = MakeCall("A", PlanRequest(KeyText(100 + round)));
    const auto bad = MakeCall("A", TasksRequest({TaskRequest(KeyText(500), KeyText(2), KeyText(1), "A"),
                                                 TaskRequest(KeyText(501), KeyText(2), KeyText(1), "nobody")}));
    const auto update = MakeCall("A", PlanUpdate(KeyText(2), "name"));
    const bool fails = round % 3 == 0;
    if (fails) ledger.store->Fail(round % 2 == 0 ? StoreCall::kApply : StoreCall::kCommit, {});
    const Outcomes outcomes = ledger.RunBatch({good.get(), bad.get(), update.get()});
    EXPECT_EQ(outcomes[0].has_value(), !fails);
    EXPECT_FALSE(outcomes[1].has_value());
    EXPECT_EQ(outcomes[2].has_value(), !fails);
    if (!fails) stored += 2;
  }
  const std::vector<pb::Event> events = ledger.Events();  // checks the positions
  EXPECT_EQ(events.size(), stored);
  for (size_t i = 1; i < events.size(); ++i) EXPECT_LT(events[i - 1].id(), events[i].id());
}

}  // namespace
}  // namespace orc
