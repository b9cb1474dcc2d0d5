// What a client sees of an error: the gRPC status of each kind (behaviour.md 3.1). Pure functions, thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "domain/error.h"

namespace orc {

// A status text travels percent-encoded in one HTTP/2 header, and gRPC clients built on the C core refuse a call whose
// headers exceed 8 KiB in sum: the text would be lost, and the status with it. 1 KiB is left for the other headers.
inline constexpr size_t kMaxEncodedStatusBytes = size_t{7} * 1024;

// `text`, if its percent-encoded form fits kMaxEncodedStatusBytes; else its longest beginning that, with an ellipsis
// appended, fits. Never cuts inside a UTF-8 character.
std::string FitStatusText(std::string_view text);

// The status of an error of a call, or of a stream once its caller is identified. The text is fitted.
grpc::Status ToStatus(const Error& error);

// The status of an error of Identify on a stream: UNKNOWN with the error's text, whatever its kind. Deployment checks
// wait for exactly this answer (deployment.md 2.11; behaviour.md section 2).
grpc::Status ToStreamAdmissionStatus(const Error& error);

// The name of a status code in logs and metrics, such as NotFound (deployment.md 2.8).
std::string StatusCodeName(grpc::StatusCode code);

}  // namespace orc
