#include "domain/task_graph.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "domain/assert.h"

namespace orc {
namespace {

// What the sort knows about the nodes, by their places.
struct Graph {
  std::vector<std::vector<size_t>> children;  // in the order given
  std::vector<size_t> missing_parents;        // parents neither stored nor placed yet
};

// Filling the lists in the order given makes every list of children stable with respect to it.
Graph BuildGraph(std::span<const GraphNode> nodes, const std::function<bool(const Key&)>& is_stored) {
  std::unordered_map<Key, size_t, KeyHash> places;
  places.reserve(nodes.size());
  for (size_t place = 0; place < nodes.size(); ++place) {
    const bool distinct = places.emplace(nodes[place].key, place).second;
    ORC_ASSERT(distinct);
  }
  Graph graph{std::vector<std::vector<size_t>>(nodes.size()), std::vector<size_t>(nodes.size())};
  for (size_t place = 0; place < nodes.size(); ++place) {
    for (const Key& parent : nodes[place].parents) {
      if (is_stored(parent)) continue;
      ++graph.missing_parents[place];
      if (const auto found = places.find(parent); found != places.end()) graph.children[found->second].push_back(place);
    }
  }
  return graph;
}

}  // namespace

std::vector<Key> ParentsOf(const google::protobuf::RepeatedPtrField<orchestrator::ComputeTaskInput>& inputs) {
  std::vector<Key> parents;
  std::unordered_set<Key, KeyHash> seen;
  for (const auto& input : inputs) {
    if (!input.has_parent_task_output()) continue;
    const std::optional<Key> parent = Key::FromAnyForm(input.parent_task_output().parent_task_key());
    ORC_ASSERT(parent);
    if (seen.insert(*parent).second) parents.push_back(*parent);
  }
  return parents;
}

Result<std::vector<size_t>> SortTasks(std::span<const GraphNode> nodes,
                                      const std::function<bool(const Key&)>& is_stored) {
  Graph graph = BuildGraph(nodes, is_stored);
  std::vector<size_t> sorted;  // what is behind `head` is the queue of the breadth-first walk
  sorted.reserve(nodes.size());
  for (size_t place = 0; place < nodes.size(); ++place) {
    if (graph.missing_parents[place] == 0) sorted.push_back(place);
  }
  for (size_t head = 0; head < sorted.size(); ++head) {
    for (const size_t child : graph.children[sorted[head]]) {
      if (--graph.missing_parents[child] == 0) sorted.push_back(child);
    }
  }
  if (sorted.size() == nodes.size()) return sorted;
  return Fail(ErrorKind::kInvalidAsset,
              "cyclic dependency in compute plan graph or unknown task parent, unsorted_tasks_count: " +
                  std::to_string(nodes.size() - sorted.size()));
}

}  // namespace orc
