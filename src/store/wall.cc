#include "store/wall.h"

#include <new>
#include <string>

#include "base/log.h"

namespace orc {

Error StorageUnavailable(std::string_view reason) {
  return Fail(ErrorKind::kUnavailable, "storage is not available: " + std::string(reason) + "; try again later")
      .value();
}

Error StorageDamaged(std::string_view detail) {
  Log(LogLevel::kError, "stored data cannot be understood", {{"error", std::string(detail)}});
  return Fail(ErrorKind::kInternal, "stored data cannot be understood").value();
}

Error UnexpectedError(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) return StorageUnavailable("out of memory");
  return StorageDamaged(exception.what());
}

}  // namespace orc
