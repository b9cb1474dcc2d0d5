#include "ledger/table.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace orc {
namespace {

using Rows = std::vector<std::pair<int, std::string>>;

// The rows that Drain hands out as new, and as changed.
std::pair<Rows, Rows> Drained(Table<int, std::string>& table) {
  Rows created;
  Rows changed;
  table.Drain([&](int key, const std::string& value) { created.emplace_back(key, value); },
              [&](int key, const std::string& value) { changed.emplace_back(key, value); });
  return {created, changed};
}

// Row 1 is absent, rows 2 and 3 are present.
Table<int, std::string> SomeRows() {
  Table<int, std::string> table;
  table.Learn(1, std::nullopt);
  table.Learn(2, "two");
  table.Learn(3, "three");
  return table;
}

TEST(Table, KnowsWhatItLearned) {
  const auto table = SomeRows();
  EXPECT_FALSE(table.Knows(4));
  ASSERT_TRUE(table.Knows(1));
  EXPECT_EQ(table.Get(1), nullptr);
  EXPECT_EQ(*table.Get(2), "two");
  EXPECT_EQ(table.Size(), 3U);
}

TEST(Table, LearningLeavesKnownRowsAlone) {
  auto table = SomeRows();
  table.Change(2) = "changed";
  table.Learn(2, "stale");
  table.Learn(1, "stale");
  EXPECT_EQ(*table.Get(2), "changed");
  EXPECT_EQ(table.Get(1), nullptr);
}

TEST(Table, LearningStagesNothing) {
  auto table = SomeRows();
  EXPECT_EQ(Drained(table), std::make_pair(Rows{}, Rows{}));
}

TEST(Table, DrainGivesNewAndChangedRowsInTheOrderOfStaging) {
  auto table = SomeRows();
  table.Change(3) = "III";
  table.Insert(1, "one");
  table.Change(2) = "II";
  table.Keep();
  Rows order;
  const auto note = [&](int key, const std::string& value) { order.emplace_back(key, value); };
  table.Drain(note, note);
  EXPECT_EQ(order, (Rows{{3, "III"}, {1, "one"}, {2, "II"}}));
}

TEST(Table, ANewRowThatChangesStaysNew) {
  auto table = SomeRows();
  table.Insert(1, "one");
  table.Keep();
  table.Change(1) = "I";
  table.Keep();
  EXPECT_EQ(Drained(table), std::make_pair(Rows{{1, "I"}}, Rows{}));
}

TEST(Table, SeveralChangesOfARowAreDrainedOnce) {
  auto table = SomeRows();
  table.Change(2) = "a";
  table.Change(2) = "b";
  table.Keep();
  table.Change(2) = "c";
  table.Keep();
  EXPECT_EQ(Drained(table), std::make_pair(Rows{}, Rows{{2, "c"}}));
}

TEST(Table, DrainedRowsAreCleanAndChangeAgain) {
  auto table = SomeRows();
  table.Insert(1, "one");
  table.Change(2) = "II";
  table.Keep();
  Drained(table);
  EXPECT_EQ(Drained(table), std::make_pair(Rows{}, Rows{}));
  EXPECT_EQ(*table.Get(1), "one");
  table.Change(1) = "I";
  EXPECT_EQ(Drained(table), std::make_pair(Rows{}, Rows{{1, "I"}}));
}

TEST(Table, TakeBackRestoresEverythingOfTheRunningCommand) {
  auto table = SomeRows();
  table.Insert(1, "one");
  table.Change(1) = "I";
  table.Change(2) = "a";
  table.Change(2) = "b";
  table.TakeBack();
  EXPECT_EQ(table.Get(1), nullptr);
  EXPECT_EQ(*table.Get(2), "two");
  EXPECT_EQ(Drained(table), std::make_pair(Rows{}, Rows{}));
}

TEST(Table, TakeBackKeepsWhatEarlierCommandsDid) {
  auto table = SomeRows();
  table.Insert(1, "one");
  table.Change(2) = "a";
  table.Keep();
  table.Change(2) = "b";
  table.Change(1) = "I";
  table.Change(3) = "III";
  table.Change(2) = "c";
  table.TakeBack();
  EXPECT_EQ(*table.Get(1), "one");
  EXPECT_EQ(*table.Get(2), "a");
  EXPECT_EQ(*table.Get(3), "three");
  EXPECT_EQ(Drained(table), std::make_pair(Rows{{1, "one"}}, Rows{{2, "a"}}));
}

TEST(Table, ARowTakenBackCanBeStagedAgain) {
  auto table = SomeRows();
  table.Insert(1, "one");
  table.Change(2) = "a";
  table.TakeBack();
  table.Insert(1, "uno");
  table.Change(2) = "due";
  table.Keep();
  EXPECT_EQ(Drained(table), std::make_pair(Rows{{1, "uno"}}, Rows{{2, "due"}}));
}

TEST(Table, TakeBackAfterDrainRestoresWhatWasDrained) {
  auto table = SomeRows();
  table.Change(2) = "a";
  table.Keep();
  Drained(table);
  table.Change(2) = "b";
  table.TakeBack();
  EXPECT_EQ(*table.Get(2), "a");
  EXPECT_EQ(Drained(table), std::make_pair(Rows{}, Rows{}));
}

TEST(Table, ClearForgetsRowsAndChanges) {
  auto table = SomeRows();
  table.Change(2) = "a";
  table.Clear();
  EXPECT_EQ(table.Size(), 0U);
  EXPECT_FALSE(table.Knows(2));
  EXPECT_EQ(Drained(table), std::make_pair(Rows{}, Rows{}));
}

// A value that counts how often it is copied.
struct Counted {
  Counted() = default;
  Counted(const Counted& other) : copies(other.copies) { ++*copies; }
  Counted& operator=(const Counted& other) {
    copies = other.copies;
    ++*copies;
    return *this;
  }
  Counted(Counted&&) = default;
  Counted& operator=(Counted&&) = default;

  std::shared_ptr<int> copies = std::make_shared<int>(0);
};

TEST(Table, ManyChangesOfARowInOneCommandCopyItOnce) {
  Table<int, Counted> table;
  Counted value;
  const std::shared_ptr<int> copies = value.copies;
  table.Learn(1, std::move(value));
  for (int i = 0; i < 1000; ++i) table.Change(1);
  EXPECT_EQ(*copies, 1);
  table.Keep();
  table.Change(1);
  table.TakeBack();
  table.Change(1);
  EXPECT_EQ(*copies, 3);
}

}  // namespace
}  // namespace orc
