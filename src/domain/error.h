// Errors as values: what a call may answer instead of its result.
//
// An Error has a kind, which fixes the status a client sees, and a text, which clients and operators read. Texts of
// refusals begin with an OE code (docs/reference/errors.md); the functions below write that prefix, so that no
// other code spells it. Values; thread-compatible; no function here fails.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace orc {

enum class ErrorKind {
  kNotFound,            // OE0002
  kBadRequest,          // OE0003
  kConflict,            // OE0006
  kInternal,            // OE0007
  kUnimplemented,       // OE0010
  kInvalidAsset,        // OE0101
  kPermissionDenied,    // OE0102
  kMissingOutput,       // OE0106
  kIncompatibleOutput,  // OE0107
  kCannotDisable,       // OE0108
  kPlanTerminated,      // OE0109
  kRefused,             // no code: state machine, channel and subscription refusals
  kUnavailable,         // no code: the store or a queue cannot take the call now; trying again may succeed
  kExhausted,           // no code: the call is larger than a bound of the server
  kCancelled,           // no code: the caller left before its call was run
};

struct Error {
  ErrorKind kind;
  std::string text;  // complete, code included
};

template <class T>
using Result = tl::expected<T, Error>;

// A failure of `kind` whose text is the kind's code, if it has one, followed by `message`.
tl::unexpected<Error> Fail(ErrorKind kind, std::string_view message);

// `OE0002: <kind> with key "<key>" not found`; `asset` is the name of behaviour.md section 0, such as "computeplan".
tl::unexpected<Error> NotFound(std::string_view asset, std::string_view key);

// `OE0006: <kind> with key "<key>" already exists`.
tl::unexpected<Error> AlreadyExists(std::string_view asset, std::string_view key);

// Passes the error of `result` on as the error of another result type.
template <class T>
tl::unexpected<Error> Forward(Result<T>&& result) {
  return tl::unexpected<Error>(std::move(result.error()));
}

}  // namespace orc

// Evaluates `expression` (a Result) and returns its error from the calling function if it failed.
#define ORC_TRY(expression)                                               \
  do {                                                                    \
    if (auto orc_result = (expression); !orc_result) {                    \
      return tl::unexpected<::orc::Error>(std::move(orc_result.error())); \
    }                                                                     \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): a target may be a declaration.
#define ORC_JOIN_(a, b) a##b
#define ORC_JOIN(a, b) ORC_JOIN_(a, b)
#define ORC_ASSIGN_(holder, target, expression)                                \
  auto holder = (expression);                                                  \
  if (!holder) return tl::unexpected<::orc::Error>(std::move(holder.error())); \
  target = std::move(*holder)

// `target = *expression`, or returns the error; `target` may declare a variable.
#define ORC_ASSIGN(target, expression) ORC_ASSIGN_(ORC_JOIN(orc_result_, __LINE__), target, expression)
// NOLINTEND(bugprone-macro-parentheses)
