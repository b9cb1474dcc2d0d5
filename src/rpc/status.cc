#include "rpc/status.h"

namespace orc {
namespace {

constexpr std::string_view kEllipsis = "…";

// The size of one byte in a grpc-message header: all but printable ASCII, and the percent sign, become %XX.
size_t EncodedSize(unsigned char c) {
  return c >= 0x20 && c < 0x7F && c != '%' ? 1 : 3;
}

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

grpc::StatusCode Code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound: return grpc::StatusCode::NOT_FOUND;
    case ErrorKind::kBadRequest: return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorKind::kConflict: return grpc::StatusCode::ALREADY_EXISTS;
    case ErrorKind::kInternal: return grpc::StatusCode::INTERNAL;
    case ErrorKind::kUnimplemented: return grpc::StatusCode::UNIMPLEMENTED;
    case ErrorKind::kInvalidAsset:
    case ErrorKind::kMissingOutput:
    case ErrorKind::kIncompatibleOutput: return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorKind::kPermissionDenied: return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorKind::kCannotDisable:
    case ErrorKind::kPlanTerminated:
    case ErrorKind::kRefused: return grpc::StatusCode::UNKNOWN;
    case ErrorKind::kUnavailable: return grpc::StatusCode::UNAVAILABLE;
    case ErrorKind::kExhausted: return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorKind::kCancelled: return grpc::StatusCode::CANCELLED;
  }
  return grpc::StatusCode::UNKNOWN;
}

}  // namespace

std::string FitStatusText(std::string_view text) {
  constexpr size_t kRoom = kMaxEncodedStatusBytes - 3 * kEllipsis.size();
  size_t encoded = 0;
  size_t fits_with_ellipsis = 0;  // bytes of `text`
  for (size_t i = 0; i < text.size(); ++i) {
    encoded += EncodedSize(static_cast<unsigned char>(text[i]));
    if (encoded <= kRoom) fits_with_ellipsis = i + 1;
    if (encoded <= kMaxEncodedStatusBytes) continue;
    // The byte after the cut tells whether the cut is inside a character; text that is no UTF-8 loses 3 bytes at most.
    size_t cut = fits_with_ellipsis;
    while (cut > 0 && fits_with_ellipsis - cut < 3 && IsContinuation(text[cut])) --cut;
    return std::string(text.substr(0, cut)).append(kEllipsis);
  }
  return std::string(text);
}

grpc::Status ToStatus(const Error& error) {
  return {Code(error.kind), FitStatusText(error.text)};
}

grpc::Status ToStreamAdmissionStatus(const Error& error) {
  return {grpc::StatusCode::UNKNOWN, FitStatusText(error.text)};
}

std::string StatusCodeName(grpc::StatusCode code) {
  constexpr const char* kNames[] = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto number = static_cast<size_t>(code);
  return number < std::size(kNames) ? kNames[number] : std::to_string(number);
}

}  // namespace orc
