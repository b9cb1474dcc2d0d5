// Random histories of three organizations: every command ends as the model of the channel says, and after every batch
// the stored assets are the model's and the fold of the events.
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

#include "tests/ledger/history_model.h"
#include "tests/ledger/support.h"

namespace orc {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr uint32_t kHistories = 8;
constexpr uint32_t kMaxHistories = 64;
constexpr int kBatches = 40;
constexpr int kMostCommands = 60;

uint32_t Seed() {
  const char* const given = std::getenv("ORC_TEST_SEED");
  return given != nullptr ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
}

// Makes random commands, sound ones more often than not, and notes how the model says they end.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  struct Batch {
    std::vector<std::unique_ptr<TestCommand>> commands;
    std::vector<ChannelModel::Outcome> expected;
    std::vector<std::string> kinds;
    std::vector<std::string> texts;
  };

  Batch MakeBatch() {
    batch_ = {};
    for (int count = 1 + Below(kMostCommands); count > 0; --count) AddCommand();
    return std::move(batch_);
  }

  const ChannelModel& model() const { return model_; }

 private:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool OneIn(int count) { return Below(count) == 0; }

  // Pools are small, so that keys meet. Functions and tasks share theirs.
  std::string Key(int first, int count) { return KeyText(first + Below(count)); }
  std::string AnyFunction() { return Key(100, 14); }
  std::string AnyTask() { return Key(100, 60); }
  std::string AnyManager() { return Key(200, 5); }
  std::string AnySample() { return Key(300, 10); }
  std::string AnyPlan() { return Key(400, 5); }
  std::string AnyModel() { return Key(500, 100); }
  std::string AnyOrganization() { return std::string(1, static_cast<char>('A' + Below(OneIn(20) ? 4 : 3))); }
  std::string AnyOutput() { return std::vector<std::string>{"model", "models", "models", "perf", "none"}[Below(5)]; }

  // Mostly whom the model lets do it.
  std::string CallerOr(const std::string& likely) { return likely.empty() || OneIn(6) ? AnyOrganization() : likely; }
  template <class T>
  std::string OwnerOf(const std::map<std::string, T>& assets, const std::string& key) {
    const auto found = assets.find(key);
    if (found == assets.end()) return "";
    if constexpr (std::is_same_v<T, std::string>) {
      return found->second;
    } else {
      return found->second.owner;
    }
  }
  std::string WorkerOf(const std::string& task) {
    const auto found = model_.tasks.find(task);
    return found == model_.tasks.end() ? "" : found->second.worker;
  }
  // Mostly a task in this status.
  std::string TaskIn(pb::ComputeTaskStatus status) {
    std::vector<std::string> keys;
    for (const auto& [key, task] : model_.tasks) {
      if (task.status == status) keys.push_back(key);
    }
    return keys.empty() || OneIn(5) ? AnyTask() : keys[static_cast<size_t>(Below(static_cast<int>(keys.size())))];
  }

  template <class Request>
  void Add(const std::string& caller, const Request& request) {
    batch_.kinds.push_back(Request::descriptor()->name());
    batch_.texts.push_back(caller + " " + Request::descriptor()->name() + " " + request.ShortDebugString());
    batch_.expected.push_back(model_.Do(caller, request));
    batch_.commands.push_back(MakeCall(caller, request));
  }

  void AddCommand() {
    switch (Below(26)) {
      case 0: return Add(AnyOrganization(), pb::RegisterOrganizationParam());
      case 1: return AddFunction();
      case 2: return AddUpdateFunction();
      case 3:
      case 4: return AddFunctionAction();
      case 5: return Add(AnyOrganization(), ManagerRequest(AnyManager()));
      case 6: return AddUpdateManager();
      case 7: return AddSamples();
      case 8: return AddUpdateSamples();
      case 9: return Add(AnyOrganization(), PlanRequest(AnyPlan()));
      case 10: return AddUpdatePlan();
      case 11: return AddPlanAction();
      case 12:
      case 13:
      case 14:
      case 15: return AddTask();
      case 16:
      case 17:
      case 18:
      case 19: return AddTaskAction();
      case 20: return AddDisable();
      case 21: return AddModel();
      case 22: return AddModels();
      case 23: return AddPerformance();
      case 24: return AddReport();
      default: return Add(AnyOrganization(), ProfilingRequest(AnyTask()));
    }
  }

  void AddFunction() {
    pb::NewFunction request = FunctionRequest(AnyFunction());
    if (OneIn(3)) *request.mutable_new_permissions() = PermissionsFor({AnyOrganization(), AnyOrganization()});
    Add(AnyOrganization(), request);
  }
  void AddUpdateFunction() {
    const std::string key = AnyFunction();
    Add(CallerOr(OwnerOf(model_.functions, key)), FunctionUpdate(key, OneIn(2)));
  }
  void AddFunctionAction() {
    const std::string key = AnyFunction();
    // Failures and cancellations end a function for good: seldom.
    const auto action = OneIn(8) ? static_cast<pb::FunctionAction>(Below(5))
                                 : (OneIn(2) ? pb::FUNCTION_ACTION_BUILDING : pb::FUNCTION_ACTION_READY);
    Add(CallerOr(OwnerOf(model_.functions, key)), FunctionActionRequest(key, action));
  }
  void AddUpdateManager() {
    pb::UpdateDataManagerParam request;
    request.set_key(AnyManager());
    request.set_name("renamed manager");
    Add(CallerOr(OwnerOf(model_.managers, request.key())), request);
  }
  void AddSamples() {
    const std::string manager = AnyManager();
    const std::vector<std::string> managers = OneIn(3) ? std::vector<std::string>{} : std::vector{manager, manager};
    Add(CallerOr(OwnerOf(model_.managers, manager)), SamplesRequest({AnySample(), AnySample()}, managers));
  }
  void AddUpdateSamples() {
    pb::UpdateDataSamplesParam request;
    request.add_keys(AnySample());
    if (OneIn(2)) request.add_keys(AnySample());
    request.add_data_manager_keys(AnyManager());
    Add(CallerOr(OwnerOf(model_.managers, request.data_manager_keys(0))), request);
  }
  void AddUpdatePlan() {
    const std::string key = AnyPlan();
    Add(CallerOr(OwnerOf(model_.plans, key)), PlanUpdate(key, "renamed plan"));
  }
  void AddPlanAction() {
    pb::ApplyPlanActionParam request;
    request.set_key(AnyPlan());
    request.set_action(OneIn(4) ? pb::PLAN_ACTION_UNKNOWN : pb::PLAN_ACTION_CANCELED);
    Add(CallerOr(OwnerOf(model_.plans, request.key())), request);
  }
  void AddTask() {
    std::vector<std::string> parents;
    for (int count = Below(4); count > 0; --count) {
      const std::string parent = OneIn(2) ? TaskIn(pb::STATUS_DONE) : AnyTask();
      if (model_.tasks.contains(parent) || OneIn(10)) parents.push_back(parent);
    }
    const std::string plan = AnyPlan();
    Add(CallerOr(OwnerOf(model_.plans, plan)),
        TasksRequest({TaskRequest(AnyTask(), plan, AnyFunction(), AnyOrganization(), parents)}));
  }
  void AddTaskAction() {
    switch (Below(8)) {
      case 0: return AddActionOn(AnyTask(), static_cast<pb::ComputeTaskAction>(Below(7)));
      case 1: return AddActionOn(AnyTask(), OneIn(2) ? pb::TASK_ACTION_CANCELED : pb::TASK_ACTION_FAILED);
      case 2:
      case 3:
      case 4: return AddActionOn(TaskIn(pb::STATUS_EXECUTING), pb::TASK_ACTION_DONE);
      default: return AddActionOn(TaskIn(pb::STATUS_WAITING_FOR_EXECUTOR_SLOT), pb::TASK_ACTION_EXECUTING);
    }
  }
  void AddActionOn(const std::string& task, pb::ComputeTaskAction action) {
    Add(CallerOr(WorkerOf(task)), TaskActionRequest(task, action, OneIn(2) ? "a log" : ""));
  }
  void AddDisable() {
    const std::string task = TaskIn(pb::STATUS_DONE);
    Add(CallerOr(WorkerOf(task)), DisableRequest(task, AnyOutput()));
  }
  void AddModel() {
    const std::string task = TaskIn(pb::STATUS_EXECUTING);
    Add(CallerOr(WorkerOf(task)), ModelRequest(AnyModel(), task, AnyOutput()));
  }
  void AddModels() {
    pb::RegisterModelsParam request;
    const std::string task = TaskIn(pb::STATUS_EXECUTING);
    for (int count = 1 + Below(4); count > 0; --count) {
      *request.add_models() =
          ModelRequest(AnyModel(), OneIn(20) ? AnyTask() : task, OneIn(10) ? AnyOutput() : "models");
    }
    Add(CallerOr(WorkerOf(task)), request);
  }
  void AddPerformance() {
    const std::string task = TaskIn(pb::STATUS_EXECUTING);
    Add(CallerOr(WorkerOf(task)), PerformanceRequest(task, OneIn(4) ? AnyOutput() : "perf"));
  }
  void AddReport() {
    if (OneIn(2)) {
      const std::string task = TaskIn(pb::STATUS_EXECUTING);
      Add(CallerOr(WorkerOf(task)), FailureRequest(task, pb::FAILED_ASSET_COMPUTE_TASK));
    } else {
      const std::string key = AnyFunction();
      Add(CallerOr(OwnerOf(model_.functions, key)), FailureRequest(key, pb::FAILED_ASSET_FUNCTION));
    }
  }

  std::mt19937 random_;
  ChannelModel model_;
  Batch batch_;
};

// The payload of an event.
const google::protobuf::Message& Payload(const pb::Event& event) {
  const auto* const reflection = pb::Event::GetReflection();
  const auto* const field =
      reflection->GetOneofFieldDescriptor(event, pb::Event::descriptor()->FindOneofByName("asset"));
  return reflection->GetMessage(event, field);
}

// The last payload of each asset.
using Fold = std::map<std::pair<pb::AssetKind, std::string>, const google::protobuf::Message*>;

Fold FoldOf(const std::vector<pb::Event>& events) {
  Fold fold;
  for (const pb::Event& event : events) {
    if (event.asset_kind() == pb::ASSET_PROFILING_STEP) continue;
    if (event.asset_kind() == pb::ASSET_COMPUTE_TASK_OUTPUT_ASSET) continue;
    const google::protobuf::Message*& last = fold[{event.asset_kind(), event.asset_key()}];
    EXPECT_EQ(event.event_kind() == pb::EVENT_ASSET_CREATED, last == nullptr) << event.ShortDebugString();
    last = &Payload(event);
  }
  return fold;
}

Page Everything() {
  Page page;
  page.limit = 1'000'000;
  return page;
}

// What lists are ordered by.
template <class T>
auto PlaceOf(const T& asset, const std::string& key) {
  return std::tuple(asset.creation_date().seconds(), asset.creation_date().nanos(), key);
}

// Checks that the stored assets of a kind are those of the fold, in the order of lists, and takes them out of it.
template <class T>
std::vector<T> CheckKind(Snapshot& snapshot, Fold& fold, std::string (*key_of)(const T&)) {
  const std::vector<AssetRow> rows = *snapshot.ListAssets(AssetType<T>::kKind, {}, Everything());
  std::vector<T> assets;
  for (const AssetRow& row : rows) {
    T asset;
    EXPECT_EQ(TextOf(Decode(row, asset)), "");
    const std::string key = key_of(asset);
    const auto told = fold.extract({AssetType<T>::kKind, key});
    EXPECT_TRUE(!told.empty() && MessageDifferencer::Equals(*told.mapped(), asset)) << key;
    EXPECT_TRUE(assets.empty() || PlaceOf(assets.back(), key_of(assets.back())) < PlaceOf(asset, key)) << key;
    assets.push_back(std::move(asset));
  }
  return assets;
}

template <class T>
std::string KeyOfAsset(const T& asset) {
  return asset.key();
}

void CheckTasks(Snapshot& snapshot, Fold& fold, const ChannelModel& model) {
  const std::vector<FullTaskRow> rows = *snapshot.ListTasks({}, Everything());
  ASSERT_EQ(rows.size(), model.tasks.size());
  pb::ComputeTask before;
  for (const FullTaskRow& row : rows) {
    pb::ComputeTask task;
    EXPECT_EQ(TextOf(Decode(row, task)), "");
    const auto told = fold.extract({pb::ASSET_COMPUTE_TASK, task.key()});
    EXPECT_TRUE(!told.empty() && MessageDifferencer::Equals(*told.mapped(), task)) << task.key();
    EXPECT_TRUE(before.key().empty() || PlaceOf(before, before.key()) < PlaceOf(task, task.key()));
    const ChannelModel::Task& expected = model.tasks.at(task.key());
    EXPECT_EQ(task.status(), expected.status) << task.key();
    EXPECT_EQ(row.row.worker, expected.worker);
    const auto pending = std::count_if(expected.parents.begin(), expected.parents.end(), [&](const std::string& key) {
      return model.tasks.at(key).status != pb::STATUS_DONE;
    });
    EXPECT_EQ(row.row.pending_parents, pending) << task.key();
    before = task;
  }
}

// Checks the store against the model and against its own events.
void CheckChannel(TestLedger& ledger, const ChannelModel& model) {
  const std::vector<pb::Event> events = ledger.Events();  // checks the positions
  for (size_t i = 1; i < events.size(); ++i) ASSERT_LT(events[i - 1].id(), events[i].id());
  Fold fold = FoldOf(events);
  const std::unique_ptr<Snapshot> snapshot = ledger.Read();
  EXPECT_EQ(CheckKind<pb::Organization>(*snapshot, fold, [](const pb::Organization& o) { return o.id(); }).size(),
            model.organizations.size());
  for (const auto& function : CheckKind<pb::Function>(*snapshot, fold, KeyOfAsset)) {
    EXPECT_EQ(function.status(), model.functions.at(function.key()).status);
    EXPECT_EQ(function.image().checksum().empty(), !model.functions.at(function.key()).has_image);
  }
  EXPECT_EQ(CheckKind<pb::DataManager>(*snapshot, fold, KeyOfAsset).size(), model.managers.size());
  for (const auto& sample : CheckKind<pb::DataSample>(*snapshot, fold, KeyOfAsset)) {
    const auto& managers = model.samples.at(sample.key());
    EXPECT_EQ(sample.data_manager_keys_size(), static_cast<int>(managers.size()));
  }
  for (const auto& plan : CheckKind<pb::ComputePlan>(*snapshot, fold, KeyOfAsset)) {
    EXPECT_EQ(plan.has_cancelation_date(), model.plans.at(plan.key()).canceled);
    EXPECT_EQ(plan.has_failure_date(), model.plans.at(plan.key()).failed);
  }
  for (const auto& stored : CheckKind<pb::Model>(*snapshot, fold, KeyOfAsset)) {
    EXPECT_EQ(stored.has_address(), model.models.at(stored.key()));
  }
  CheckKind<pb::Performance>(*snapshot, fold, [](const pb::Performance& performance) {
    return PerformanceKey(performance.compute_task_key(), performance.compute_task_output_identifier());
  });
  const auto reports =
      CheckKind<pb::FailureReport>(*snapshot, fold, [](const pb::FailureReport& r) { return r.asset_key(); });
  EXPECT_EQ(reports.size(), model.reports.size());
  CheckTasks(*snapshot, fold, model);
  EXPECT_TRUE(fold.empty());  // nothing was told that is not stored
}

// How often each kind of command was carried out and was refused.
using Coverage = std::map<std::string, std::array<int, 2>>;

void RunHistory(uint32_t seed, const LedgerOptions& options, Coverage& coverage) {
  TestLedger ledger(options);
  Generator generator(seed);
  for (int round = 0; round < kBatches; ++round) {
    Generator::Batch batch = generator.MakeBatch();
    std::vector<TestCommand*> commands;
    for (const auto& command : batch.commands) commands.push_back(command.get());
    const std::vector<Result<void>> outcomes = ledger.RunBatch(commands);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      const auto kind = outcomes[i] ? ChannelModel::Outcome() : outcomes[i].error().kind;
      ASSERT_TRUE(kind == batch.expected[i])
          << "batch " << round << ", command " << i << ": " << batch.texts[i] << ": " << TextOf(outcomes[i]);
      ++coverage[batch.kinds[i]][outcomes[i] ? 0 : 1];
    }
    CheckChannel(ledger, generator.model());
    if (testing::Test::HasFailure()) return;
  }
}

// Whether every kind of command was carried out and was refused.
bool IsComplete(const Coverage& coverage) {
  constexpr size_t kKinds = 19;
  return coverage.size() == kKinds && std::all_of(coverage.begin(), coverage.end(), [](const auto& kind) {
           return kind.second[0] > 0 && kind.second[1] > 0;
         });
}

// Some commands rarely have something to do: goes on until each has been seen, within a bound.
void RunHistories(const LedgerOptions& options) {
  const uint32_t seed = Seed();
  Coverage coverage;
  for (uint32_t i = 0; i < kHistories || (i < kMaxHistories && !IsComplete(coverage)); ++i) {
    SCOPED_TRACE("ORC_TEST_SEED=" + std::to_string(seed + i));
    RunHistory(seed + i, options, coverage);
    if (testing::Test::HasFailure()) return;
  }
  for (const auto& [kind, counts] : coverage) {
    EXPECT_GT(counts[0], 0) << kind << ", first seed " << seed;
    EXPECT_GT(counts[1], 0) << kind << ", first seed " << seed;
  }
  EXPECT_TRUE(IsComplete(coverage));
}

TEST(History, IsTheFoldOfItsEventsAndAsTheModelSays) {
  RunHistories({});
}

// The same with a workspace that keeps nothing, writes at every turn and takes small batches.
TEST(History, DoesNotDependOnWhatIsKeptInMemory) {
  LedgerOptions options;
  options.workspace.max_cached_rows = 0;
  options.workspace.flush_bytes = 1;
  options.writer.max_batch_commands = 7;
  RunHistories(options);
}

}  // namespace
}  // namespace orc
