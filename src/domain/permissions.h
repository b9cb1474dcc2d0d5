// Who may do what with an asset (behaviour.md 6). Pure functions, thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common.pb.h"
#include "domain/error.h"

namespace orc {

// Whether an organization is registered in the channel; may fail as the store does.
using IsRegistered = std::function<Result<bool>(const std::string& organization)>;

// The permission `owner` asked for: same flag, same ids in the same order, the owner appended when missing. Fails with
// kBadRequest `invalid permission input values` when it is not public and names an organization that is not registered.
Result<orchestrator::Permission> MakePermission(const orchestrator::NewPermissions& wanted, const std::string& owner,
                                                const IsRegistered& is_registered);

// Process and download, both as `permission`.
orchestrator::Permissions Both(const orchestrator::Permission& permission);

bool CanProcess(const orchestrator::Permissions& permissions, std::string_view organization);

// Public if either is, then without ids; else the distinct ids of both in order of first appearance.
orchestrator::Permission Union(const orchestrator::Permission& a, const orchestrator::Permission& b);

}  // namespace orc
