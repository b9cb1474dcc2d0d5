// The graph of the compute tasks of one registration (behaviour.md 12.3). Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "computetask.pb.h"
#include "domain/error.h"
#include "domain/key.h"

namespace orc {

// The distinct parents named by the inputs of a task, in input order. Requires valid keys in the references.
std::vector<Key> ParentsOf(const google::protobuf::RepeatedPtrField<orchestrator::ComputeTaskInput>& inputs);

// A task of the registration as the sort sees it.
struct GraphNode {
  Key key;
  std::vector<Key> parents;  // distinct
};

// The places of `nodes` in topological order: breadth-first, stable with respect to the order given, in linear time.
// Parents for which `is_stored` holds do not count. Fails with kInvalidAsset `cyclic dependency in compute plan graph
// or unknown task parent, unsorted_tasks_count: <n>`. Requires distinct keys.
Result<std::vector<size_t>> SortTasks(std::span<const GraphNode> nodes,
                                      const std::function<bool(const Key&)>& is_stored);

}  // namespace orc
