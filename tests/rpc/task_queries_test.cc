// GetTaskInputAssets where one task needs more than an answer may hold.
#include <gtest/gtest.h>

#include <memory>

#include "rpc/queries.h"
#include "store/assets.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

namespace pb = ::orchestrator;

constexpr int kModels = 1000;

Key KeyOfNumber(int number) {
  Key key;
  key.bytes[14] = static_cast<uint8_t>(number / 256);
  key.bytes[15] = static_cast<uint8_t>(number % 256);
  return key;
}

pb::Function MakeFunction() {
  pb::Function function;
  function.set_key(KeyOfNumber(1).ToString());
  (*function.mutable_inputs())["model"].set_kind(pb::ASSET_MODEL);
  return function;
}

pb::Model MakeModel(int number) {
  pb::Model model;
  model.set_key(KeyOfNumber(number).ToString());
  model.set_compute_task_key(KeyOfNumber(2).ToString());
  model.mutable_address()->set_checksum(std::string(64, 'a'));
  return model;
}

// Task 3, which names the output of task 2 `inputs` times.
FullTaskRow MakeTask(int inputs) {
  pb::ComputeTask task;
  task.set_key(KeyOfNumber(3).ToString());
  task.set_function_key(KeyOfNumber(1).ToString());
  for (int i = 0; i < inputs; ++i) {
    pb::ComputeTaskInput& input = *task.add_inputs();
    input.set_identifier("model");
    input.mutable_parent_task_output()->set_parent_task_key(KeyOfNumber(2).ToString());
    input.mutable_parent_task_output()->set_output_identifier("models");
  }
  FullTaskRow row;
  row.row.order = 1;
  row.row.key = KeyOfNumber(3);
  row.row.status = pb::STATUS_EXECUTING;
  row.body = task.SerializeAsString();
  return row;
}

// The answer for a task with this many inputs, each of which stands for all models.
Result<pb::GetTaskInputAssetsResponse> AskFor(int inputs) {
  const TempFolder folder;
  SqliteOptions options;
  options.folder = folder.path();
  const std::unique_ptr<Store> store = std::move(*OpenSqliteStore(options));
  ChannelStore* const channel = *store->OpenChannel("channel");
  ChangeSet changes;
  changes.new_assets.push_back(Encode(1, MakeFunction()));
  for (int i = 0; i < kModels; ++i) {
    changes.new_assets.push_back(Encode(i + 1, MakeModel(1000 + i)));
    changes.outputs.push_back(OutputRow{KeyOfNumber(2), "models", pb::ASSET_MODEL, StoreKey(KeyOfNumber(1000 + i))});
  }
  changes.new_tasks.push_back(MakeTask(inputs));
  const std::unique_ptr<Transaction> transaction = std::move(*channel->Begin());
  ORC_TRY(transaction->Apply(changes));
  ORC_TRY(transaction->Commit());
  pb::GetTaskInputAssetsParam request;
  request.set_compute_task_key(KeyOfNumber(3).ToString());
  pb::GetTaskInputAssetsResponse response;
  const std::unique_ptr<Snapshot> snapshot = std::move(*channel->Read());
  ORC_TRY(Answer(request, *snapshot, response));
  return response;
}

TEST(GetTaskInputAssets, GivesAllAssetsOfEveryInput) {
  const auto response = AskFor(3);
  ASSERT_TRUE(response.has_value());
  ASSERT_EQ(response->assets_size(), 3 * kModels);
  EXPECT_EQ(response->assets(0).model().key(), KeyOfNumber(1000).ToString());
  EXPECT_EQ(response->assets(kModels).model().key(), KeyOfNumber(1000).ToString());
}

TEST(GetTaskInputAssets, RefusesAnAnswerThatWouldFillTheMemory) {
  const auto response = AskFor(1000);  // a million models
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::kExhausted);
}

}  // namespace
}  // namespace orc
