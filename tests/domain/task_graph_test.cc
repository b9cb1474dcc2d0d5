#include "domain/task_graph.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace orc {
namespace {

Key KeyOf(size_t number) {
  Key key;
  for (size_t i = 0; i < sizeof number; ++i) key.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return key;
}

bool NothingStored(const Key&) {
  return false;
}

// Tasks written `f:e` (task: parents), each name one letter.
std::vector<GraphNode> NodesOf(const std::vector<std::string>& tasks) {
  std::vector<GraphNode> nodes;
  for (const std::string& task : tasks) {
    GraphNode& node = nodes.emplace_back(GraphNode{KeyOf(static_cast<size_t>(task[0])), {}});
    for (const char parent : task.substr(1)) node.parents.push_back(KeyOf(static_cast<size_t>(parent)));
  }
  return nodes;
}

std::string SortedLetters(const std::vector<GraphNode>& nodes, const Result<std::vector<size_t>>& sorted) {
  if (!sorted) return sorted.error().text;
  std::string letters;
  for (const size_t place : *sorted) letters += static_cast<char>(nodes[place].key.bytes[15]);
  return letters;
}

// behaviour.md 12.3 word for word, at its cost; the number of tasks left over if there are any.
struct ModelResult {
  std::vector<size_t> sorted;
  size_t left_over = 0;
};

ModelResult SortAsSpecified(const std::vector<GraphNode>& nodes, const std::function<bool(const Key&)>& is_stored) {
  std::vector<size_t> waiting(nodes.size());
  std::vector<size_t> queue;
  std::vector<size_t> unsorted;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& parents = nodes[i].parents;
    waiting[i] = parents.size() - static_cast<size_t>(std::count_if(parents.begin(), parents.end(), is_stored));
    (waiting[i] == 0 ? queue : unsorted).push_back(i);
  }
  ModelResult result;
  while (!queue.empty()) {
    const size_t head = queue.front();
    queue.erase(queue.begin());
    result.sorted.push_back(head);
    std::vector<size_t> still_unsorted;
    for (const size_t u : unsorted) {
      const auto& parents = nodes[u].parents;
      if (std::find(parents.begin(), parents.end(), nodes[head].key) != parents.end()) --waiting[u];
      (waiting[u] == 0 ? queue : still_unsorted).push_back(u);
    }
    unsorted = still_unsorted;
  }
  result.left_over = unsorted.size();
  return result;
}

TEST(TaskGraph, behaviour_12_3_example) {
  const auto nodes = NodesOf({"fe", "edb", "ca", "a", "da", "b"});
  EXPECT_EQ(SortedLetters(nodes, SortTasks(nodes, NothingStored)), "abcdef");
}

TEST(TaskGraph, behaviour_12_3_refused) {
  const std::string text =
      "OE0101: cyclic dependency in compute plan graph or unknown task parent, unsorted_tasks_count: ";
  const struct {
    std::vector<std::string> tasks;
    const char* count;
  } rows[] = {
      {{"aa"}, "1"},
      {{"ab", "ba"}, "2"},
      {{"ax"}, "1"},
      {{"ba", "ax", "c", "dbc"}, "3"},
      {{"a", "bac", "cb", "da"}, "2"},
  };
  for (const auto& row : rows) {
    const auto nodes = NodesOf(row.tasks);
    const auto sorted = SortTasks(nodes, NothingStored);
    ASSERT_FALSE(sorted);
    EXPECT_EQ(sorted.error().kind, ErrorKind::kInvalidAsset);
    EXPECT_EQ(sorted.error().text, text + row.count);
  }
}

TEST(TaskGraph, behaviour_12_3_stored_parents) {
  const auto nodes = NodesOf({"cxb", "bx", "axy"});
  const auto stored = [](const Key& key) { return key == KeyOf('x') || key == KeyOf('y'); };
  EXPECT_EQ(SortedLetters(nodes, SortTasks(nodes, stored)), "bac");
  EXPECT_EQ(SortedLetters({}, SortTasks({}, NothingStored)), "");
}

TEST(TaskGraph, behaviour_12_3_distinct_parents_in_input_order) {
  orchestrator::NewComputeTask task;
  for (const size_t parent : {7, 3, 7, 5, 3}) {
    task.add_inputs()->mutable_parent_task_output()->set_parent_task_key(KeyOf(parent).ToString());
    task.add_inputs()->set_asset_key(KeyOf(9).ToString());
  }
  EXPECT_EQ(ParentsOf(task.inputs()), (std::vector<Key>{KeyOf(7), KeyOf(3), KeyOf(5)}));
}

// Keys 0 to count-1 are tasks, those after are stored or unknown; parents are any of them, so cycles occur.
std::vector<GraphNode> ArbitraryNodes(size_t count, size_t stored, size_t unknown, bool cycles) {
  std::vector<size_t> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = i;
  for (size_t i = count; i > 1; --i) std::swap(numbers[i - 1], numbers[*rc::gen::inRange<size_t>(0, i)]);
  std::vector<GraphNode> nodes;
  for (const size_t number : numbers) {
    const size_t tasks = cycles ? count : number;  // without cycles, parents have smaller numbers
    const auto choices =
        *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, tasks + stored + unknown + 1));
    GraphNode node{KeyOf(number), {}};
    for (const size_t choice : choices) {
      if (choice == tasks + stored + unknown) continue;
      const Key parent = KeyOf(choice < tasks ? choice : 1000 + choice - tasks);
      if (std::find(node.parents.begin(), node.parents.end(), parent) == node.parents.end()) {
        node.parents.push_back(parent);
      }
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

void ExpectAsSpecified(bool cycles, size_t unknown) {
  const size_t count = *rc::gen::inRange<size_t>(0, 24);
  const size_t stored = *rc::gen::inRange<size_t>(0, 3);
  const auto nodes = ArbitraryNodes(count, stored, unknown, cycles);
  const auto is_stored = [stored](const Key& key) { return key >= KeyOf(1000) && key < KeyOf(1000 + stored); };
  const ModelResult model = SortAsSpecified(nodes, is_stored);
  const auto sorted = SortTasks(nodes, is_stored);
  RC_ASSERT(sorted.has_value() == (model.left_over == 0));
  if (sorted) {
    RC_ASSERT(*sorted == model.sorted);
  } else {
    RC_ASSERT(sorted.error().text.ends_with("unsorted_tasks_count: " + std::to_string(model.left_over)));
  }
}

RC_GTEST_PROP(TaskGraph, behaviour_12_3_same_order_as_specified, ()) {
  ExpectAsSpecified(false, 0);
}

RC_GTEST_PROP(TaskGraph, behaviour_12_3_same_refusals_as_specified, ()) {
  ExpectAsSpecified(true, 1);
}

TEST(TaskGraph, large_graphs_are_linear) {
  constexpr size_t kTasks = 100'000;
  std::vector<GraphNode> nodes;
  // The last task first: each pass over what is left would find one task only.
  for (size_t i = kTasks; i > 0; --i) {
    GraphNode node{KeyOf(i), {}};
    if (i > 1) node.parents.push_back(KeyOf(i - 1));
    nodes.push_back(std::move(node));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto sorted = SortTasks(nodes, NothingStored);
  ASSERT_TRUE(sorted);
  EXPECT_EQ(sorted->front(), kTasks - 1);
  EXPECT_EQ(sorted->back(), 0U);
  // The quadratic algorithm takes some 10^10 steps.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace orc
