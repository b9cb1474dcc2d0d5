#include "tests/store/conformance.h"

#include <gmock/gmock.h>

#include <array>

#include "domain/state_machine.h"
#include "tests/store/model.h"

namespace orc {

namespace pb = orchestrator;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

ChannelStore& StoreConformance::Channel(const std::string& name) {
  return *Must(store_->OpenChannel(name));
}
std::unique_ptr<Snapshot> StoreConformance::Read(const std::string& channel) {
  std::unique_ptr<Snapshot> snapshot = Must(Channel(channel).Read());
  Must(snapshot->GetHead());  // from here on it sees one state
  return snapshot;
}
std::unique_ptr<Transaction> StoreConformance::Begin(const std::string& channel) {
  return Must(Channel(channel).Begin());
}

void StoreConformance::Write(const ChangeSet& changes, const std::string& channel) {
  {
    const std::unique_ptr<Transaction> transaction = Begin(channel);
    Must(transaction->Apply(changes));
    Must(transaction->Commit());
  }
  Channel(channel).Maintain();
}

void StoreConformance::Reopen() {
  store_.reset();
  store_ = place_->Open();
}

namespace {

constexpr Page kAll = {0, 0, 100'000, false};
constexpr std::array kKinds = {pb::ASSET_ORGANIZATION, pb::ASSET_FUNCTION,      pb::ASSET_DATA_MANAGER,
                               pb::ASSET_DATA_SAMPLE,  pb::ASSET_COMPUTE_PLAN,  pb::ASSET_MODEL,
                               pb::ASSET_PERFORMANCE,  pb::ASSET_FAILURE_REPORT};

std::vector<std::string> KeysOf(const std::vector<AssetRow>& rows) {
  std::vector<std::string> keys;
  for (const AssetRow& row : rows) keys.push_back(row.key);
  return keys;
}

std::vector<int64_t> OrdersOf(const std::vector<FullTaskRow>& tasks) {
  std::vector<int64_t> orders;
  for (const FullTaskRow& task : tasks) orders.push_back(task.row.order);
  return orders;
}

TEST_P(StoreConformance, AnEmptyChannelAnswersNothing) {
  const auto snapshot = Read();
  EXPECT_EQ(Must(snapshot->GetHead()), Head{});
  const std::vector<std::string> names = {"nobody"};
  const std::vector<Key> keys = {MakeKey(1)};
  for (const pb::AssetKind kind : kKinds) {
    EXPECT_THAT(Must(snapshot->FindAssets(kind, names)), IsEmpty());
    EXPECT_THAT(Must(snapshot->ListAssets(kind, {}, kAll)), IsEmpty());
  }
  EXPECT_THAT(Must(snapshot->ListPlanFunctions(keys[0], kAll)), IsEmpty());
  EXPECT_THAT(Must(snapshot->ListManagerSamples(keys[0])), IsEmpty());
  EXPECT_THAT(Must(snapshot->FindTaskRows(keys)), IsEmpty());
  EXPECT_THAT(Must(snapshot->FindTasks(keys)), IsEmpty());
  EXPECT_THAT(Must(snapshot->ListTasks({}, kAll)), IsEmpty());
  EXPECT_THAT(Must(snapshot->ListFunctionTasks(keys[0], pb::STATUS_DONE)), IsEmpty());
  EXPECT_THAT(Must(snapshot->ListChildren(keys[0])), IsEmpty());
  EXPECT_THAT(Must(snapshot->FindOutputs(keys)), IsEmpty());
  EXPECT_FALSE(Must(snapshot->HasUnfinishedTask(keys[0])));
  EXPECT_THAT(Must(snapshot->ListEvents({}, kAll)), IsEmpty());
  EXPECT_THAT(Must(snapshot->EventsAfter(0, 10, 1'000)), IsEmpty());
  EXPECT_EQ(Must(snapshot->FindEvent(MakeEventId(1, 1, 1))), std::nullopt);
}

TEST_P(StoreConformance, AssetsOfEveryKindAreKeptWhole) {
  ChangeSet changes;
  for (const pb::AssetKind kind : kKinds) {
    const bool has_group = kind == pb::ASSET_COMPUTE_PLAN || kind == pb::ASSET_MODEL || kind == pb::ASSET_PERFORMANCE;
    const bool has_label = kind == pb::ASSET_PERFORMANCE;
    // Orders are not contiguous, and rows may come in any order.
    for (const int64_t order : {30, 10, 20}) {
      changes.new_assets.push_back(
          MakeAsset(kind, order, has_group ? std::string("g\0up", 4) : "", has_label ? "label" : ""));
    }
  }
  Write(changes);
  const auto snapshot = Read();
  for (size_t i = 0; i < kKinds.size(); ++i) {
    const std::vector<AssetRow> rows = {changes.new_assets[3 * i + 1], changes.new_assets[3 * i + 2],
                                        changes.new_assets[3 * i]};
    EXPECT_EQ(Show(Must(snapshot->ListAssets(kKinds[i], {}, kAll))), Show(rows));
    // Unknown keys are left out, repeated ones found once.
    const std::vector<std::string> keys = {rows[2].key, "unknown", rows[0].key, rows[2].key, ""};
    EXPECT_THAT(KeysOf(Must(snapshot->FindAssets(kKinds[i], keys))),
                UnorderedElementsAreArray({rows[0].key, rows[2].key}));
  }
}

TEST_P(StoreConformance, AChangedAssetTakesItsNewGroupLabelAndBody) {
  ChangeSet changes;
  changes.new_assets = {MakeAsset(pb::ASSET_PERFORMANCE, 1, "task1", "accuracy"),
                        MakeAsset(pb::ASSET_PERFORMANCE, 2, "task1", "accuracy")};
  Write(changes);
  AssetRow changed = changes.new_assets[0];
  changed.group = "task2";
  changed.label = "loss";
  changed.body = "";
  ChangeSet second;
  second.changed_assets = {changed};
  Write(second);
  const auto snapshot = Read();
  const auto list = [&](AssetFilter filter) {
    return Show(Must(snapshot->ListAssets(pb::ASSET_PERFORMANCE, filter, kAll)));
  };
  EXPECT_THAT(list({}), ElementsAre(Show(changed), Show(changes.new_assets[1])));
  EXPECT_THAT(list({"task2", {}}), ElementsAre(Show(changed)));
  EXPECT_THAT(list({{}, "loss"}), ElementsAre(Show(changed)));
  EXPECT_THAT(list({"task2", "loss"}), ElementsAre(Show(changed)));
  EXPECT_THAT(list({"task2", "accuracy"}), IsEmpty());
}

TEST_P(StoreConformance, KindsWithoutGroupHaveTheEmptyOne) {
  ChangeSet changes;
  changes.new_assets = {MakeAsset(pb::ASSET_FUNCTION, 1)};
  Write(changes);
  const auto snapshot = Read();
  EXPECT_EQ(Must(snapshot->ListAssets(pb::ASSET_FUNCTION, {"", ""}, kAll)).size(), 1U);
  EXPECT_THAT(Must(snapshot->ListAssets(pb::ASSET_FUNCTION, {"group", {}}, kAll)), IsEmpty());
  EXPECT_THAT(Must(snapshot->ListAssets(pb::ASSET_FUNCTION, {{}, "label"}, kAll)), IsEmpty());
}

TEST_P(StoreConformance, LinksKeepTheOrderOfWhatTheyLead) {
  const Key plan = MakeKey(1);
  const Key manager = MakeKey(2);
  ChangeSet changes;
  for (const int64_t order : {1, 2, 3, 4}) changes.new_assets.push_back(MakeAsset(pb::ASSET_FUNCTION, order));
  for (const int64_t order : {3, 1, 4, 3}) changes.plan_functions.push_back({plan, order});
  changes.plan_functions.push_back({MakeKey(9), 2});
  for (const uint64_t order : {7U, 5U, 6U, 5U}) {
    changes.sample_links.push_back({manager, static_cast<int64_t>(order), MakeKey(100 + order)});
  }
  changes.sample_links.push_back({MakeKey(9), 1, MakeKey(101)});
  Write(changes);
  ChangeSet again;
  again.plan_functions = {{plan, 4}, {plan, 2}};
  again.sample_links = {{manager, 6, MakeKey(106)}, {manager, 1, MakeKey(101)}};
  Write(again);
  const auto snapshot = Read();
  const auto functions = [&](Page page) {
    std::vector<int64_t> orders;
    for (const AssetRow& row : Must(snapshot->ListPlanFunctions(plan, page))) orders.push_back(row.order);
    return orders;
  };
  EXPECT_THAT(functions(kAll), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(functions({1, 0, 2, false}), ElementsAre(2, 3));
  EXPECT_THAT(functions({0, 1, 2, true}), ElementsAre(3, 2));
  EXPECT_EQ(Show(Must(snapshot->ListPlanFunctions(plan, {2, 0, 1, false}))[0]), Show(changes.new_assets[2]));
  EXPECT_THAT(Must(snapshot->ListManagerSamples(manager)),
              ElementsAre(MakeKey(101), MakeKey(105), MakeKey(106), MakeKey(107)));
}

TEST_P(StoreConformance, TasksAreFoundByKeyAndChangeOnlyTheirState) {
  Changes changes;
  for (const int64_t order : {1, 2, 3}) changes.AddTask(MakeTask(order));
  const ChangeSet first = changes.Take();
  Write(first);
  TaskRow changed = MakeTask(2);
  changed.status = pb::STATUS_DONE;
  changed.pending_parents = 7;
  ChangeSet second;
  second.changed_tasks = {changed};
  second.changed_tasks[0].worker = "somebody else";  // only the state is taken over
  second.changed_tasks[0].order = 0;
  Write(second);
  const auto snapshot = Read();
  const std::vector<Key> keys = {MakeKey(2), MakeKey(99), MakeKey(2), MakeKey(1)};
  const std::vector<TaskRow> rows = Must(snapshot->FindTaskRows(keys));
  EXPECT_THAT(Show(rows), UnorderedElementsAreArray({Show(MakeTask(1)), Show(changed)}));
  const FullTaskRow full = {changed, first.new_tasks[1].body};
  EXPECT_THAT(Show(Must(snapshot->FindTasks(keys))), UnorderedElementsAreArray({Show(first.new_tasks[0]), Show(full)}));
}

TEST_P(StoreConformance, ChildrenComeByPlaceThenByTheirOwn) {
  Changes changes;
  for (int64_t order = 1; order <= 5; ++order) changes.AddTask(MakeTask(order));
  changes.set.edges = {{MakeKey(1), MakeKey(5), 0}, {MakeKey(1), MakeKey(2), 1}, {MakeKey(1), MakeKey(4), 0}};
  Write(changes.Take());
  changes.AddTask(MakeTask(6));
  changes.set.edges = {{MakeKey(1), MakeKey(6), 0}, {MakeKey(2), MakeKey(6), 1}};  // of parents that exist already
  Write(changes.Take());
  const auto snapshot = Read();
  EXPECT_THAT(Must(snapshot->ListChildren(MakeKey(1))), ElementsAre(MakeKey(4), MakeKey(5), MakeKey(6), MakeKey(2)));
  EXPECT_THAT(Must(snapshot->ListChildren(MakeKey(2))), ElementsAre(MakeKey(6)));
  EXPECT_THAT(Must(snapshot->ListChildren(MakeKey(6))), IsEmpty());
}

TEST_P(StoreConformance, ChildrenOfSeveralParentsAreThoseOfEach) {
  Changes changes;
  for (int64_t order = 1; order <= 6; ++order) changes.AddTask(MakeTask(order));
  changes.set.edges = {{MakeKey(1), MakeKey(5), 0}, {MakeKey(2), MakeKey(6), 0}, {MakeKey(1), MakeKey(2), 1}};
  Write(changes.Take());
  const auto transaction = Begin();
  changes.set.edges = {{MakeKey(1), MakeKey(4), 0}};
  Must(transaction->Apply(changes.Take()));  // what the transaction has written counts
  const std::vector<Key> parents = {MakeKey(1), MakeKey(2), MakeKey(3), MakeKey(99)};
  const auto children_of = [&](uint64_t parent, size_t limit) {
    std::vector<Key> children;
    for (const ParentEdge& edge : Must(transaction->ListEdges(parents, limit))) {
      if (edge.parent == MakeKey(parent)) children.push_back(edge.child);
    }
    return children;
  };
  EXPECT_THAT(children_of(1, 10), ElementsAre(MakeKey(4), MakeKey(5), MakeKey(2)));
  EXPECT_THAT(children_of(2, 10), ElementsAre(MakeKey(6)));
  EXPECT_THAT(children_of(3, 10), IsEmpty());
  EXPECT_THAT(children_of(1, 2), ElementsAre(MakeKey(4), MakeKey(5)));
}

TEST_P(StoreConformance, TasksOfAFunctionComeByRank) {
  Changes changes;
  const std::array<int32_t, 5> ranks = {3, 1, 2, 1, 0};
  for (size_t i = 0; i < ranks.size(); ++i) {
    TaskRow row = MakeTask(static_cast<int64_t>(i) + 1);
    row.rank = ranks[i];
    if (i == 4) row.status = pb::STATUS_DONE;
    changes.AddTask(row);
  }
  Write(changes.Take());
  const auto tasks = Must(Read()->ListFunctionTasks(MakeTask(1).function, pb::STATUS_WAITING_FOR_EXECUTOR_SLOT));
  std::vector<int64_t> orders;
  for (const TaskRef& task : tasks) orders.push_back(task.order);
  EXPECT_THAT(orders, ElementsAre(2, 4, 3, 1));
  EXPECT_EQ(tasks[0].rank, 1);
  EXPECT_EQ(tasks[0].key, MakeKey(2));
}

TEST_P(StoreConformance, APlanIsUnfinishedWhileATaskIsNotFinal) {
  Changes changes;
  int64_t order = 0;
  const auto plan = [](int status) { return MakeKey(500 + static_cast<uint64_t>(status)); };
  for (int status = pb::ComputeTaskStatus_MIN; status <= pb::ComputeTaskStatus_MAX; ++status) {
    for (const auto task_status : {static_cast<pb::ComputeTaskStatus>(status), pb::STATUS_DONE}) {
      TaskRow row = MakeTask(++order);
      row.plan = plan(status);
      row.status = task_status;
      changes.AddTask(row);
    }
  }
  Write(changes.Take());
  const auto snapshot = Read();
  for (int status = pb::ComputeTaskStatus_MIN; status <= pb::ComputeTaskStatus_MAX; ++status) {
    EXPECT_EQ(Must(snapshot->HasUnfinishedTask(plan(status))), !IsFinal(static_cast<pb::ComputeTaskStatus>(status)))
        << status;
  }
}

TEST_P(StoreConformance, OutputsOfATaskComeInOrderOfRegistration) {
  const Key task = MakeKey(1);
  const Key other = MakeKey(2);
  ChangeSet changes;
  changes.outputs = {{task, "z", pb::ASSET_MODEL, std::string(MakeKey(9).Raw())},
                     {other, "z", pb::ASSET_MODEL, std::string(MakeKey(8).Raw())},
                     {task, "a", pb::ASSET_PERFORMANCE, task.ToString() + "|a"}};
  Write(changes);
  ChangeSet more;
  more.outputs = {{task, "m", pb::ASSET_MODEL, std::string(MakeKey(1).Raw())}};
  Write(more);
  const auto snapshot = Read();
  const std::vector<Key> one = {task, MakeKey(3), task};
  EXPECT_THAT(Show(Must(snapshot->FindOutputs(one))),
              ElementsAre(Show(changes.outputs[0]), Show(changes.outputs[2]), Show(more.outputs[0])));
  const std::vector<Key> both = {other, task};
  EXPECT_EQ(Must(snapshot->FindOutputs(both)).size(), 4U);
}

TEST_P(StoreConformance, EventsAreReadByPositionWithinBounds) {
  Changes changes;
  std::vector<std::string> bodies;
  for (int i = 0; i < 10; ++i) {
    const EventRow& row = changes.AddEvent(pb::ASSET_MODEL, pb::EVENT_ASSET_CREATED, MakeKey(1).ToString());
    bodies.push_back(*row.body);
  }
  const ChangeSet set = changes.Take();
  Write(set);
  const auto snapshot = Read();
  EXPECT_EQ(Must(snapshot->GetHead()), set.head);
  const auto positions = [&](int64_t after, int32_t limit, int64_t max_bytes) {
    std::vector<int64_t> found;
    for (const EventRow& row : Must(snapshot->EventsAfter(after, limit, max_bytes))) {
      EXPECT_EQ(*row.body, bodies[static_cast<size_t>(row.position) - 1]);
      found.push_back(row.position);
    }
    return found;
  };
  EXPECT_THAT(positions(7, 100, 1'000'000), ElementsAre(8, 9, 10));
  EXPECT_THAT(positions(0, 2, 1'000'000), ElementsAre(1, 2));
  EXPECT_THAT(positions(10, 2, 1'000'000), IsEmpty());
  // One is always read, or a subscriber would never get past a large event.
  EXPECT_THAT(positions(3, 100, 0), ElementsAre(4));
  const auto size = static_cast<int64_t>(bodies[3].size());
  EXPECT_THAT(positions(3, 100, size), ElementsAre(4));
  EXPECT_THAT(positions(3, 100, size + 1), ElementsAre(4, 5));
}

TEST_P(StoreConformance, EventsAreFoundByTheirIdAlone) {
  Changes changes;
  for (int i = 0; i < 3; ++i) changes.AddEvent(pb::ASSET_MODEL, pb::EVENT_ASSET_CREATED, MakeKey(1).ToString());
  const ChangeSet set = changes.Take();
  Write(set);
  const auto snapshot = Read();
  for (const EventRow& row : set.events) EXPECT_EQ(Must(snapshot->FindEvent(row.id)), row.position);
  const EventRow& second = set.events[1];
  EXPECT_EQ(Must(snapshot->FindEvent(MakeEventId(second.timestamp_us, 2, 12345))), std::nullopt);
  EXPECT_EQ(Must(snapshot->FindEvent(MakeEventId(second.timestamp_us, 4, 1))), std::nullopt);
  EXPECT_EQ(Must(snapshot->FindEvent(MakeKey(1).ToString())), std::nullopt);
}

TEST_P(StoreConformance, ASnapshotSeesOneState) {
  Changes changes;
  changes.AddTask(MakeTask(1));
  Write(changes.Take());
  const auto before = Read();
  changes.AddTask(MakeTask(2));
  TaskRow done = MakeTask(1);
  done.status = pb::STATUS_DONE;
  changes.set.changed_tasks = {done};
  Write(changes.Take());
  const auto after = Read();
  EXPECT_THAT(OrdersOf(Must(before->ListTasks({}, kAll))), ElementsAre(1));
  EXPECT_EQ(Must(before->GetHead()).position, 1);
  EXPECT_EQ(Must(before->EventsAfter(0, 10, 1'000'000)).size(), 1U);
  EXPECT_EQ(Must(before->ListTasks({}, kAll))[0].row.status, pb::STATUS_WAITING_FOR_EXECUTOR_SLOT);
  EXPECT_THAT(OrdersOf(Must(after->ListTasks({}, kAll))), ElementsAre(1, 2));
  EXPECT_EQ(Must(after->GetHead()).position, 2);
  EXPECT_EQ(Must(after->ListTasks({}, kAll))[0].row.status, pb::STATUS_DONE);
}

TEST_P(StoreConformance, ATransactionSeesItsOwnChangesAndOthersDoNot) {
  Changes changes;
  changes.AddTask(MakeTask(1));
  Write(changes.Take());
  const auto transaction = Begin();
  for (const int64_t order : {2, 3}) {
    changes.AddTask(MakeTask(order));
    Must(transaction->Apply(changes.Take()));
    EXPECT_EQ(Must(transaction->GetHead()), changes.head());
  }
  EXPECT_THAT(OrdersOf(Must(transaction->ListTasks({}, kAll))), ElementsAre(1, 2, 3));
  EXPECT_EQ(Must(transaction->ListEvents({}, kAll)).size(), 3U);
  EventFilter late;
  late.start_us = changes.head().timestamp_us;
  EXPECT_EQ(Must(transaction->ListEvents(late, kAll)).size(), 1U);
  const auto snapshot = Read();
  EXPECT_THAT(OrdersOf(Must(snapshot->ListTasks({}, kAll))), ElementsAre(1));
  Must(transaction->Commit());
  EXPECT_THAT(OrdersOf(Must(snapshot->ListTasks({}, kAll))), ElementsAre(1));
  EXPECT_THAT(OrdersOf(Must(Read()->ListTasks({}, kAll))), ElementsAre(1, 2, 3));
  EXPECT_EQ(Must(Read()->GetHead()), changes.head());
}

TEST_P(StoreConformance, WhatIsNotCommittedIsTakenBack) {
  Changes changes;
  changes.AddTask(MakeTask(1));
  Write(changes.Take());
  Changes lost = changes;
  lost.AddTask(MakeTask(2));
  lost.set.new_assets = {MakeAsset(pb::ASSET_FUNCTION, 1)};
  Must(Begin()->Apply(lost.Take()));
  EXPECT_EQ(Must(Read()->GetHead()), changes.head());
  EXPECT_THAT(Must(Read()->ListAssets(pb::ASSET_FUNCTION, {}, kAll)), IsEmpty());
  changes.AddTask(MakeTask(3));
  Write(changes.Take());
  EXPECT_THAT(OrdersOf(Must(Read()->ListTasks({}, kAll))), ElementsAre(1, 3));
}

TEST_P(StoreConformance, AChangeSetMayBeEmpty) {
  Write({});
  Must(Begin()->Commit());
  EXPECT_EQ(Must(Read()->GetHead()), Head{});
}

TEST_P(StoreConformance, ATransactionThatFailedLeavesNoTrace) {
  Changes changes;
  changes.AddTask(MakeTask(1));
  Write(changes.Take());
  {
    Changes twice = changes;
    twice.set.new_assets = {MakeAsset(pb::ASSET_FUNCTION, 1)};
    twice.AddTask(MakeTask(1));
    const auto transaction = Begin();
    const Result<void> applied = transaction->Apply(twice.Take());
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().kind, ErrorKind::kInternal);
    EXPECT_FALSE(transaction->Commit());
  }
  EXPECT_THAT(Must(Read()->ListAssets(pb::ASSET_FUNCTION, {}, kAll)), IsEmpty());
  EXPECT_EQ(Must(Read()->GetHead()), changes.head());
  changes.AddTask(MakeTask(2));
  Write(changes.Take());
  EXPECT_THAT(OrdersOf(Must(Read()->ListTasks({}, kAll))), ElementsAre(1, 2));
}

TEST_P(StoreConformance, ChannelsShareNothing) {
  const std::string odd = "../" + std::string(90, '/') + "\n\xC3\xA9";
  const std::vector<std::string> names = {"a", "A", "a.db", odd, std::string(100, '%'), std::string(99, '%') + "&"};
  for (size_t i = 0; i < names.size(); ++i) {
    Changes changes;
    for (size_t order = 1; order <= i + 1; ++order) changes.AddTask(MakeTask(static_cast<int64_t>(order)));
    Write(changes.Take(), names[i]);
    EXPECT_EQ(&Channel(names[i]), &Channel(names[i]));
  }
  const auto check = [&] {
    for (size_t i = 0; i < names.size(); ++i) {
      const auto snapshot = Read(names[i]);
      EXPECT_EQ(Must(snapshot->GetHead()).position, static_cast<int64_t>(i) + 1) << names[i];
      EXPECT_EQ(Must(snapshot->ListTasks({}, kAll)).size(), i + 1);
    }
  };
  check();
  Reopen();
  check();
}

TEST_P(StoreConformance, TransactionsOfTwoChannelsDoNotWait) {
  const auto first = Begin("first");
  const auto second = Begin("second");
  Changes changes;
  changes.AddTask(MakeTask(1));
  const ChangeSet set = changes.Take();
  Must(first->Apply(set));
  Must(second->Apply(set));
  Must(second->Commit());
  Must(first->Commit());
  EXPECT_EQ(Must(Read("first")->GetHead()).position, 1);
  EXPECT_EQ(Must(Read("second")->GetHead()).position, 1);
}

TEST_P(StoreConformance, EverythingIsThereAfterReopening) {
  Changes changes;
  for (int64_t order = 1; order <= 20; ++order) changes.AddTask(MakeTask(order));
  changes.set.new_assets = {MakeAsset(pb::ASSET_MODEL, 1, "group")};
  const ChangeSet set = changes.Take();
  Write(set);
  Reopen();
  const auto snapshot = Read();
  EXPECT_EQ(Must(snapshot->GetHead()), set.head);
  EXPECT_EQ(Show(Must(snapshot->ListTasks({}, kAll))), Show(set.new_tasks));
  EXPECT_EQ(Show(Must(snapshot->ListEvents({}, kAll))), Show(set.events));
  EXPECT_EQ(Show(Must(snapshot->ListAssets(pb::ASSET_MODEL, {}, kAll))), Show(set.new_assets));
}

TEST_P(StoreConformance, PagesAreBoundedInBytes) {
  Changes changes;
  for (int64_t order = 1; order <= 5; ++order) {
    changes.AddTask(MakeTask(order));
    changes.set.new_assets.push_back(MakeAsset(pb::ASSET_FUNCTION, order));
    changes.set.plan_functions.push_back({MakeKey(1'000'000), order});
  }
  const ChangeSet set = changes.Take();
  Write(set);
  const auto snapshot = Read();
  // A page ends with the row that reaches the bound.
  const auto check = [](int64_t bytes, auto list) {
    for (const bool descending : {false, true}) {
      EXPECT_EQ(list(Page{0, 0, 10, descending, 1}), 1U);
      EXPECT_EQ(list(Page{0, 0, 10, descending, 2 * bytes}), 2U);
      EXPECT_EQ(list(Page{0, 1, 10, descending, 2 * bytes + 1}), 3U);
    }
  };
  const auto size = [](const std::string& body) { return static_cast<int64_t>(body.size()); };
  check(size(set.new_assets[0].body),
        [&](Page page) { return Must(snapshot->ListAssets(pb::ASSET_FUNCTION, {}, page)).size(); });
  check(size(set.new_assets[0].body),
        [&](Page page) { return Must(snapshot->ListPlanFunctions(MakeKey(1'000'000), page)).size(); });
  check(size(set.new_tasks[0].body), [&](Page page) {
    return Must(snapshot->ListTasks({"MyOrg1MSP", {}, {}, {}}, page)).size();
  });
  check(size(*set.events[0].body), [&](Page page) { return Must(snapshot->ListEvents({}, page)).size(); });
}

TEST_P(StoreConformance, ListsOfTenThousandArePagedWithoutGapOrRepetition) {
  constexpr int64_t kRows = 10'000;
  Changes changes;
  for (int64_t order = 1; order <= kRows; ++order) {
    TaskRow row = MakeTask(order);
    row.status = static_cast<pb::ComputeTaskStatus>(order % 9);
    changes.AddTask(row);
    changes.set.new_assets.push_back(MakeAsset(pb::ASSET_COMPUTE_PLAN, order, order % 2 == 0 ? "even" : "odd"));
  }
  const ChangeSet set = changes.Take();
  Write(set);
  const auto snapshot = Read();
  for (const bool descending : {false, true}) {
    std::vector<int64_t> orders;
    for (Page page = {0, 0, 333, descending};;) {
      const auto rows = Must(snapshot->ListTasks({"MyOrg1MSP", {}, {}, {}}, page));
      for (const FullTaskRow& row : rows) orders.push_back(row.row.order);
      if (rows.size() < 333) break;
      page.after = orders.back();
    }
    if (descending) std::reverse(orders.begin(), orders.end());
    EXPECT_THAT(orders, ElementsAreArray(OrdersOf(set.new_tasks)));
  }
  const auto even = Must(snapshot->ListAssets(pb::ASSET_COMPUTE_PLAN, {"even", {}}, {0, 4'990, 100, false}));
  ASSERT_EQ(even.size(), 10U);
  EXPECT_THAT(Must(snapshot->ListAssets(pb::ASSET_COMPUTE_PLAN, {}, {0, INT64_MAX, 1'000, false})), IsEmpty());
  EXPECT_THAT(Must(snapshot->ListTasks({"MyOrg1MSP", {}, {}, {}}, {0, INT64_MAX, 1'000, true})), IsEmpty());
  EXPECT_EQ(even[0].order, 9'982);
  std::vector<Key> keys;
  for (const FullTaskRow& task : set.new_tasks) keys.push_back(task.row.key);
  EXPECT_EQ(Must(snapshot->FindTasks(keys)).size(), static_cast<size_t>(kRows));
}

}  // namespace
}  // namespace orc
