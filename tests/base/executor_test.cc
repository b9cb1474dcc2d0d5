#include "base/executor.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace orc {
namespace {

TEST(Executor, PartiesTakeTurns) {
  Executor executor(1, 100);
  std::promise<void> open;
  std::string order;  // of the one thread
  std::promise<void> begun;
  ASSERT_TRUE(executor.Submit([&begun, gate = open.get_future().share()] {
    begun.set_value();
    gate.wait();
  }));
  begun.get_future().wait();
  for (const char party : std::string("AAAABBC")) {
    ASSERT_TRUE(executor.Submit([&order, party] { order += party; }, {party}));
  }
  open.set_value();
  executor.Stop();
  EXPECT_EQ(order, "ABCABAA");
}

TEST(Executor, JobsBeyondTheQueueAreNotTaken) {
  Executor executor(1, 2);
  std::promise<void> open;
  std::promise<void> begun;
  ASSERT_TRUE(executor.Submit([&begun, gate = open.get_future().share()] {
    begun.set_value();
    gate.wait();
  }));
  begun.get_future().wait();
  int done = 0;
  EXPECT_TRUE(executor.Submit([&done] { ++done; }, "A"));
  EXPECT_TRUE(executor.Submit([&done] { ++done; }, "B"));
  EXPECT_FALSE(executor.Submit([&done] { ++done; }, "C"));
  open.set_value();
  executor.Stop();
  EXPECT_EQ(done, 2);
  EXPECT_FALSE(executor.Submit([&done] { ++done; }));
}

TEST(FairQueue, WeighsWhatWaits) {
  FairQueue<int> queue;
  queue.Push("A", 1, 10);
  queue.Push("A", 2, 20);
  queue.Push("B", 3, 30);
  EXPECT_EQ(queue.weight(), 60);
  EXPECT_EQ(queue.WeightOf("A"), 30);
  EXPECT_EQ(queue.WeightOf("C"), 0);
  EXPECT_EQ(queue.Next(), 1);
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), 3);
  EXPECT_EQ(queue.WeightOf("A"), 20);
  EXPECT_EQ(queue.WeightOf("B"), 0);
  EXPECT_EQ(queue.Pop(), 2);
  EXPECT_TRUE(queue.IsEmpty());
  EXPECT_EQ(queue.weight(), 0);
}

}  // namespace
}  // namespace orc
