#include "domain/permissions.h"

#include <algorithm>
#include <unordered_set>

namespace orc {

using orchestrator::NewPermissions;
using orchestrator::Permission;
using orchestrator::Permissions;

Result<Permission> MakePermission(const NewPermissions& wanted, const std::string& owner,
                                  const IsRegistered& is_registered) {
  const auto& ids = wanted.authorized_ids();
  if (!wanted.public_()) {
    for (const std::string& id : ids) {
      ORC_ASSIGN(const bool registered, is_registered(id));
      if (!registered) return Fail(ErrorKind::kBadRequest, "invalid permission input values");
    }
  }
  Permission permission;
  permission.set_public_(wanted.public_());
  *permission.mutable_authorized_ids() = ids;
  if (std::find(ids.begin(), ids.end(), owner) == ids.end()) permission.add_authorized_ids(owner);
  return permission;
}

Permissions Both(const Permission& permission) {
  Permissions permissions;
  *permissions.mutable_process() = permission;
  *permissions.mutable_download() = permission;
  return permissions;
}

bool CanProcess(const Permissions& permissions, std::string_view organization) {
  const auto& ids = permissions.process().authorized_ids();
  return permissions.process().public_() || std::find(ids.begin(), ids.end(), organization) != ids.end();
}

Permission Union(const Permission& a, const Permission& b) {
  Permission both;
  both.set_public_(a.public_() || b.public_());
  if (both.public_()) return both;
  std::unordered_set<std::string_view> seen;
  for (const Permission* part : {&a, &b}) {
    for (const std::string& id : part->authorized_ids()) {
      if (seen.insert(id).second) both.add_authorized_ids(id);
    }
  }
  return both;
}

}  // namespace orc
