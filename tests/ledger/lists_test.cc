// Places in lists: assets of one call by key, calls by time.
#include <gtest/gtest.h>

#include "tests/ledger/support.h"

namespace orc {
namespace {

template <class T>
std::vector<std::string> KeysInList(TestLedger& ledger) {
  Page page;
  page.limit = 1000;
  std::vector<std::string> keys;
  const std::vector<AssetRow> rows = *ledger.Read()->ListAssets(AssetType<T>::kKind, {}, page);
  for (const AssetRow& row : rows) {
    T asset;
    EXPECT_EQ(TextOf(Decode(row, asset)), "");
    keys.push_back(asset.key());
  }
  return keys;
}

std::vector<std::string> TasksInList(TestLedger& ledger) {
  Page page;
  page.limit = 1000;
  std::vector<std::string> keys;
  const std::vector<FullTaskRow> rows = *ledger.Read()->ListTasks({}, page);
  for (const FullTaskRow& row : rows) keys.push_back(row.row.key.ToString());
  return keys;
}

std::vector<std::string> Texts(const std::vector<int64_t>& numbers) {
  std::vector<std::string> texts;
  for (const int64_t number : numbers) texts.push_back(KeyText(number));
  return texts;
}

TEST(Lists, PlansComeInTheOrderOfTheirCalls) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const auto first = MakeCall("A", PlanRequest(KeyText(9)));
  const auto second = MakeCall("A", PlanRequest(KeyText(8)));
  ledger.RunBatch({first.get(), second.get()});
  ledger.Do("A", PlanRequest(KeyText(7)));
  ledger.Do("A", PlanUpdate(KeyText(8), "an update moves nothing"));
  EXPECT_EQ(KeysInList<pb::ComputePlan>(ledger), Texts({2, 9, 8, 7}));
}

TEST(Lists, SamplesOfOneCallComeByKey) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", ManagerRequest(KeyText(3)))), "");
  const auto first = MakeCall("A", SamplesRequest(Texts({25, 21, 23}), {KeyText(3)}));
  const auto second = MakeCall("A", SamplesRequest(Texts({24, 22}), {}));
  ledger.RunBatch({first.get(), second.get()});
  ASSERT_EQ(TextOf(ledger.Do("A", SamplesRequest(Texts({20, 19}), {KeyText(3)}))), "");
  EXPECT_EQ(KeysInList<pb::DataSample>(ledger), Texts({21, 23, 25, 22, 24, 19, 20}));
  // The answer is in the order of the request, as are the events.
  EXPECT_EQ(first->response.data_samples(0).key(), KeyText(25));
  EXPECT_EQ(ledger.Events()[4].asset_key(), KeyText(25));
}

TEST(Lists, TheSamplesOfAManagerComeAsInTheirList) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", ManagerRequest(KeyText(3)))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", SamplesRequest(Texts({25, 21}), {}))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", SamplesRequest(Texts({20}), {KeyText(3), KeyText(3)}))), "");
  pb::UpdateDataSamplesParam attach;
  for (const int64_t key : {25, 20, 21}) attach.add_keys(KeyText(key));
  attach.add_data_manager_keys(KeyText(3));
  ASSERT_EQ(TextOf(ledger.Do("A", attach)), "");
  EXPECT_EQ(*ledger.Read()->ListManagerSamples(TestKey(3)), (std::vector<Key>{TestKey(21), TestKey(25), TestKey(20)}));
  const std::vector<pb::Event> events = ledger.Events();
  for (size_t i = events.size() - 3; i < events.size(); ++i) {
    EXPECT_EQ(events[i].data_sample().data_manager_keys_size(), 1);
  }
}

TEST(Lists, TasksOfOneCallComeByKey) {
  TestLedger ledger;
  RegisterBasics(ledger);
  const auto task = [](int64_t key, const std::vector<std::string>& parents = {}) {
    return TaskRequest(KeyText(key), KeyText(2), KeyText(1), "A", parents);
  };
  const auto first = MakeCall("A", TasksRequest({task(15, {KeyText(16)}), task(16), task(12, {KeyText(15)})}));
  const auto second = MakeCall("A", TasksRequest({task(14), task(11)}));
  ledger.RunBatch({first.get(), second.get()});
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest({task(10)}))), "");
  EXPECT_EQ(TasksInList(ledger), Texts({12, 15, 16, 11, 14, 10}));
  // The answer is in the order of the sort.
  EXPECT_EQ(first->response.tasks(0).key(), KeyText(16));
  EXPECT_EQ(first->response.tasks(2).key(), KeyText(12));
  EXPECT_EQ(ledger.Events()[3].asset_key(), KeyText(16));
}

TEST(Lists, ModelsOfOneCallComeByKey) {
  TestLedger ledger;
  RegisterBasics(ledger);
  BuildFunction(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(1), "A")}))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TaskActionRequest(KeyText(10), pb::TASK_ACTION_EXECUTING))), "");
  pb::RegisterModelsParam request;
  for (const int64_t key : {25, 21, 23}) *request.add_models() = ModelRequest(KeyText(key), KeyText(10), "models");
  const auto first = MakeCall("A", request);
  const auto second = MakeCall("A", ModelRequest(KeyText(20), KeyText(10), "model"));
  for (const Result<void>& outcome : ledger.RunBatch({first.get(), second.get()})) EXPECT_EQ(TextOf(outcome), "");
  EXPECT_EQ(KeysInList<pb::Model>(ledger), Texts({21, 23, 25, 20}));
  // Outputs stay in the order of registration.
  const std::vector<Key> task = {TestKey(10)};
  const std::vector<OutputRow> outputs = *ledger.Read()->FindOutputs(task);
  ASSERT_EQ(outputs.size(), 4U);
  EXPECT_EQ(outputs[0].asset_key, StoreKey(TestKey(25)));
  EXPECT_EQ(outputs[3].asset_key, StoreKey(TestKey(20)));
}

TEST(Lists, TheFunctionsOfAPlanComeAsInTheirList) {
  TestLedger ledger;
  RegisterBasics(ledger);
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionRequest(KeyText(5)))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", FunctionRequest(KeyText(4)))), "");
  ASSERT_EQ(TextOf(ledger.Do("A", TasksRequest({TaskRequest(KeyText(10), KeyText(2), KeyText(4), "A"),
                                                TaskRequest(KeyText(11), KeyText(2), KeyText(5), "A"),
                                                TaskRequest(KeyText(12), KeyText(2), KeyText(4), "A")}))),
            "");
  Page page;
  page.limit = 10;
  const std::vector<AssetRow> rows = *ledger.Read()->ListPlanFunctions(TestKey(2), page);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].key, StoreKey(TestKey(5)));
  EXPECT_EQ(rows[1].key, StoreKey(TestKey(4)));
}

}  // namespace
}  // namespace orc
