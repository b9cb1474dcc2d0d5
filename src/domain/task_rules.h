// The rules between a compute task and its function (behaviour.md 12.6, 12.7 and 12.9). Pure functions, thread-safe.
// Where several entries of a map are wrong, the smallest identifier in byte order is reported.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "computetask.pb.h"
#include "domain/error.h"
#include "function.pb.h"

namespace orc {

// The identifiers of a map, in byte order.
template <class Map>
std::vector<std::string_view> SortedIdentifiers(const Map& map) {
  std::vector<std::string_view> identifiers;
  identifiers.reserve(map.size());
  for (const auto& [identifier, value] : map) identifiers.push_back(identifier);
  std::sort(identifiers.begin(), identifiers.end());
  return identifiers;
}

// `invalid task input "<identifier>": <rest>`, kInvalidAsset.
tl::unexpected<Error> InvalidInput(std::string_view identifier, std::string_view rest);

// What the function declares for an input; kInvalidAsset when it declares none of this name.
Result<const orchestrator::FunctionInput*> DeclaredInput(const orchestrator::Function& function,
                                                         const std::string& identifier);

// Whether an output of the parent may be used as this input (12.6, model by parent output, rows 1 to 3).
Result<void> CheckOutputFitsInput(const std::string& identifier, const orchestrator::FunctionInput& input,
                                  const orchestrator::ParentTaskOutputRef& reference,
                                  const orchestrator::Function& parent_function);

// Whether every input that is not optional is among `seen`.
Result<void> CheckNoInputMissing(const orchestrator::Function& function,
                                 const std::unordered_set<std::string_view>& seen);

// 12.7, for the outputs of a task as they will be stored.
Result<void> CheckOutputs(const orchestrator::Function& function, const orchestrator::ComputeTask& task);

// A function's status, with UNKNOWN (imported from releases without build status) read as decisions.md D21 says.
orchestrator::FunctionStatus EffectiveStatus(const orchestrator::Function& function);

// 12.9: the status a task starts in.
orchestrator::ComputeTaskStatus InitialStatus(orchestrator::FunctionStatus function,
                                              std::span<const orchestrator::ComputeTaskStatus> parents);

}  // namespace orc
