// Stores against the model: many random changes, after each of which every question must get the model's answer.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/store/conformance.h"
#include "tests/store/model.h"

namespace orc {
namespace {

namespace pb = orchestrator;

// Random channels, small in the number of distinct values, so that filters match often.
class RandomChannel {
 public:
  explicit RandomChannel(uint64_t seed) : random_(seed) {}

  // Changes that fit what `model` holds.
  ChangeSet Next(const Model& model) {
    Changes changes(model.head);
    AddAssets(model, changes.set);
    AddTasks(model, changes);
    AddLinks(model, changes.set);
    for (int64_t n = Pick(0, 8); n > 0; --n) AddEvent(changes);
    return changes.Take();
  }

  int64_t Pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  bool Chance(int percent) { return Pick(1, 100) <= percent; }
  Key APlan() { return MakeKey(1'000 + static_cast<uint64_t>(Pick(1, 3))); }
  Key AFunction() { return MakeKey(2'000 + static_cast<uint64_t>(Pick(1, 3))); }
  std::string AWorker() { return "org" + std::to_string(Pick(1, 3)); }
  pb::ComputeTaskStatus AStatus() {
    return static_cast<pb::ComputeTaskStatus>(Pick(pb::ComputeTaskStatus_MIN, pb::ComputeTaskStatus_MAX));
  }
  std::string AGroup() { return "group" + std::to_string(Pick(1, 3)); }
  std::string ALabel() { return Chance(20) ? "" : "label" + std::to_string(Pick(1, 2)); }
  std::string AnAssetKey() { return Chance(30) ? AWorker() : MakeKey(static_cast<uint64_t>(Pick(1, 5))).ToString(); }
  std::string AReason() { return "reason" + std::to_string(Pick(1, 2)); }
  pb::AssetKind AKind() {
    const std::array kinds = {pb::ASSET_FUNCTION, pb::ASSET_COMPUTE_PLAN, pb::ASSET_MODEL, pb::ASSET_PERFORMANCE};
    return kinds[static_cast<size_t>(Pick(0, kinds.size() - 1))];
  }
  std::optional<int64_t> ATask(const Model& model) {
    if (model.tasks.empty()) return std::nullopt;
    return Pick(1, static_cast<int64_t>(model.tasks.size()));
  }

 private:
  AssetRow MakeRow(pb::AssetKind kind, int64_t order) {
    const bool has_label = kind == pb::ASSET_PERFORMANCE;
    const bool has_group = has_label || kind == pb::ASSET_COMPUTE_PLAN || kind == pb::ASSET_MODEL;
    AssetRow row = MakeAsset(kind, order, has_group ? AGroup() : "", has_label ? ALabel() : "");
    row.body += std::to_string(Pick(1, 1'000));
    return row;
  }

  void AddAssets(const Model& model, ChangeSet& set) {
    const pb::AssetKind kind = AKind();
    const auto found = model.assets.find(kind);
    const int64_t stored = found == model.assets.end() ? 0 : static_cast<int64_t>(found->second.size());
    for (int64_t n = Pick(0, 3), order = stored; n > 0; --n) set.new_assets.push_back(MakeRow(kind, ++order));
    if (stored > 0 && Chance(50)) set.changed_assets.push_back(MakeRow(kind, Pick(1, stored)));
  }

  void AddTasks(const Model& model, Changes& changes) {
    const auto stored = static_cast<int64_t>(model.tasks.size());
    for (int64_t n = Pick(0, 5), order = stored; n > 0; --n) {
      TaskRow row = MakeTask(++order);
      row.plan = APlan();
      row.function = AFunction();
      row.worker = AWorker();
      row.status = AStatus();
      row.rank = static_cast<int32_t>(Pick(0, 3));
      changes.AddTask(row);
      if (order > 1 && Chance(70)) {
        const auto parent = static_cast<uint64_t>(Pick(1, order - 1));
        changes.set.edges.push_back({MakeKey(parent), row.key, static_cast<int32_t>(Pick(0, 2))});
      }
    }
    for (int64_t n = stored > 0 ? Pick(0, 3) : 0; n > 0; --n) {
      TaskRow row = model.tasks.at(Pick(1, stored)).row;
      row.status = AStatus();
      row.pending_parents = static_cast<int32_t>(Pick(0, 9));
      changes.set.changed_tasks.push_back(row);
    }
  }

  void AddLinks(const Model& model, ChangeSet& set) {
    if (const auto task = ATask(model)) {
      set.outputs.push_back({MakeKey(static_cast<uint64_t>(*task)), ALabel(), pb::ASSET_MODEL, AGroup()});
    }
    const auto sample = static_cast<uint64_t>(Pick(1, 20));
    set.sample_links.push_back({AFunction(), static_cast<int64_t>(sample), MakeKey(3'000 + sample)});
    const auto functions = model.assets.find(pb::ASSET_FUNCTION);
    if (functions != model.assets.end() && !functions->second.empty()) {
      set.plan_functions.push_back({APlan(), Pick(1, static_cast<int64_t>(functions->second.size()))});
    }
  }

  void AddEvent(Changes& changes) {
    const auto kind = static_cast<pb::AssetKind>(Chance(50) ? pb::ASSET_COMPUTE_TASK : pb::ASSET_PROFILING_STEP);
    const auto event_kind = static_cast<pb::EventKind>(Pick(1, 3));
    changes.AddEvent(kind, event_kind, AnAssetKey(), Pick(0, 2), Chance(40) ? AReason() : "");
  }

  std::mt19937_64 random_;
};

// Compares one snapshot with the model.
class Comparison {
 public:
  Comparison(Snapshot& snapshot, const Model& model, RandomChannel& random)
      : snapshot_(snapshot), model_(model), random_(random) {}

  void All() {
    EXPECT_EQ(Must(snapshot_.GetHead()), model_.head);
    for (int i = 0; i < 4; ++i) {
      Assets();
      LinksAndChildren();
    }
    for (int filter = 0; filter < 16; ++filter) Tasks(filter);
    for (int filter = 0; filter < 64; ++filter) Events(filter);
    Replay();
  }

 private:
  Page APage(int64_t rows) {
    const int64_t after = random_.Chance(50) ? 0 : random_.Pick(1, rows + 2);
    const int64_t skip = random_.Chance(70) ? 0 : random_.Pick(1, 4);
    return {after, skip, static_cast<int32_t>(random_.Chance(50) ? 1'000 : random_.Pick(1, 5)), random_.Chance(50)};
  }

  void Assets() {
    const pb::AssetKind kind = random_.AKind();
    const auto stored = model_.ListAssets(kind, {}, {0, 0, 100'000, false});
    const Page page = APage(static_cast<int64_t>(stored.size()));
    AssetFilter filter;
    if (random_.Chance(50)) filter.group = random_.AGroup();
    if (random_.Chance(50)) filter.label = random_.ALabel();
    EXPECT_EQ(Show(Must(snapshot_.ListAssets(kind, filter, page))), Show(model_.ListAssets(kind, filter, page)));
    for (const AssetRow& row : stored) {
      const auto found = Must(snapshot_.FindAssets(kind, std::span<const std::string>(&row.key, 1)));
      EXPECT_EQ(Show(found), Show(std::vector<AssetRow>{row}));
    }
  }

  void LinksAndChildren() {
    const Key plan = random_.APlan();
    const Page page = APage(20);
    EXPECT_EQ(Show(Must(snapshot_.ListPlanFunctions(plan, page))), Show(model_.ListPlanFunctions(plan, page)));
    EXPECT_EQ(Must(snapshot_.HasUnfinishedTask(plan)), model_.HasUnfinishedTask(plan));
    const Key function = random_.AFunction();
    EXPECT_EQ(Show(Must(snapshot_.ListManagerSamples(function))), Show(model_.ListManagerSamples(function)));
    const pb::ComputeTaskStatus status = random_.AStatus();
    EXPECT_EQ(Show(Must(snapshot_.ListFunctionTasks(function, status))),
              Show(model_.ListFunctionTasks(function, status)));
    if (const auto task = random_.ATask(model_)) {
      const Key key = MakeKey(static_cast<uint64_t>(*task));
      const std::span<const Key> keys(&key, 1);
      EXPECT_EQ(Show(Must(snapshot_.ListChildren(key))), Show(model_.ListChildren(key)));
      EXPECT_EQ(Show(Must(snapshot_.FindOutputs(keys))), Show(model_.FindOutputs(key)));
      EXPECT_EQ(Show(Must(snapshot_.FindTasks(keys))), Show(std::vector<FullTaskRow>{model_.tasks.at(*task)}));
    }
  }

  // One bit per member of the filter.
  void Tasks(int bits) {
    TaskFilter filter;
    if ((bits & 1) != 0) filter.worker = random_.AWorker();
    if ((bits & 2) != 0) filter.status = random_.Chance(5) ? 77 : int32_t{random_.AStatus()};
    if ((bits & 4) != 0) filter.plan = random_.APlan();
    if ((bits & 8) != 0) filter.function = random_.AFunction();
    const Page page = APage(static_cast<int64_t>(model_.tasks.size()));
    EXPECT_EQ(Show(Must(snapshot_.ListTasks(filter, page))), Show(model_.ListTasks(filter, page))) << bits;
  }

  void Events(int bits) {
    EventFilter filter;
    if ((bits & 1) != 0) filter.asset_key = random_.AnAssetKey();
    if ((bits & 2) != 0) filter.asset_kind = random_.Chance(5) ? 77 : int32_t{pb::ASSET_COMPUTE_TASK};
    if ((bits & 4) != 0) filter.event_kind = static_cast<int32_t>(random_.Pick(0, 4));
    if ((bits & 8) != 0) filter.reason = random_.Chance(5) ? "" : random_.AReason();
    if ((bits & 16) != 0) filter.start_us = random_.Pick(-1, model_.head.timestamp_us + 1);
    if ((bits & 32) != 0)
      filter.end_us = random_.Chance(5) ? INT64_MAX : random_.Pick(-1, model_.head.timestamp_us + 1);
    const Page page = APage(model_.head.position);
    EXPECT_EQ(Show(Must(snapshot_.ListEvents(filter, page))), Show(model_.ListEvents(filter, page))) << bits;
  }

  void Replay() {
    const int64_t after = random_.Pick(0, model_.head.position);
    const auto events = Must(snapshot_.EventsAfter(after, 10, 1'000'000));
    EXPECT_EQ(static_cast<int64_t>(events.size()), std::min<int64_t>(10, model_.head.position - after));
    for (size_t i = 0; i < events.size(); ++i) {
      const EventRow& stored = model_.events[static_cast<size_t>(after) + i];
      EXPECT_EQ(events[i].position, stored.position);
      EXPECT_EQ(*events[i].body, *stored.body);
      EXPECT_EQ(Must(snapshot_.FindEvent(stored.id)), stored.position);
    }
  }

  Snapshot& snapshot_;
  const Model& model_;
  RandomChannel& random_;
};

TEST_P(StoreConformance, AnswersAsTheModelDoes) {
  const char* given = std::getenv("ORC_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("set ORC_TEST_SEED=" + std::to_string(seed) + " to repeat");
  RandomChannel random(seed);
  Model model;
  for (int round = 0; round < 40 && !HasFailure(); ++round) {
    const auto before = Read();
    const Model model_before = model;
    {
      Model staged = model;
      const auto transaction = Begin();
      for (int64_t n = random.Pick(1, 3); n > 0; --n) {
        const ChangeSet changes = random.Next(staged);
        Must(transaction->Apply(changes));
        staged.Apply(changes);
      }
      Comparison(*transaction, staged, random).All();
      if (random.Chance(75)) {
        Must(transaction->Commit());
        model = std::move(staged);
      }
    }
    Channel().Maintain();
    if (random.Chance(10)) Comparison(*before, model_before, random).All();
    Comparison(*Read(), model, random).All();
  }
}

}  // namespace
}  // namespace orc
