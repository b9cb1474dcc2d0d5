#include "domain/error.h"

#include <array>
#include <utility>

#include "domain/text.h"

namespace orc {
namespace {

std::string_view Code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound: return "OE0002: ";
    case ErrorKind::kBadRequest: return "OE0003: ";
    case ErrorKind::kConflict: return "OE0006: ";
    case ErrorKind::kInternal: return "OE0007: ";
    case ErrorKind::kUnimplemented: return "OE0010: ";
    case ErrorKind::kInvalidAsset: return "OE0101: ";
    case ErrorKind::kPermissionDenied: return "OE0102: ";
    case ErrorKind::kMissingOutput: return "OE0106: ";
    case ErrorKind::kIncompatibleOutput: return "OE0107: ";
    case ErrorKind::kCannotDisable: return "OE0108: ";
    case ErrorKind::kPlanTerminated: return "OE0109: ";
    case ErrorKind::kRefused:
    case ErrorKind::kUnavailable:
    case ErrorKind::kExhausted:
    case ErrorKind::kCancelled: return "";
  }
  return "";
}

}  // namespace

tl::unexpected<Error> Fail(ErrorKind kind, std::string_view message) {
  return tl::unexpected<Error>(Error{kind, std::string(Code(kind)).append(message)});
}

tl::unexpected<Error> NotFound(std::string_view asset, std::string_view key) {
  return Fail(ErrorKind::kNotFound, std::string(asset) + " with key " + Quote(key) + " not found");
}

tl::unexpected<Error> AlreadyExists(std::string_view asset, std::string_view key) {
  return Fail(ErrorKind::kConflict, std::string(asset) + " with key " + Quote(key) + " already exists");
}

}  // namespace orc
