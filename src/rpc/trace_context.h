// The trace that a call belongs to, as its client says in the metadata `traceparent` (W3C Trace Context): it goes into
// the log records of the call, so that they are found from the client's trace. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "rpc/identity.h"

namespace orc {

// Both empty: the call belongs to no trace.
struct TraceContext {
  std::string trace_id;  // 32 hexadecimal digits in lower case, not all 0
  std::string span_id;   // 16 of them: the client's span
};

// `<version>-<trace id>-<parent id>-<flags>`. A header that is not valid counts as none; one of a later version is read
// as far as this version goes.
TraceContext ParseTraceparent(std::string_view header);

// What log records say about the call they belong to.
struct CallLabels {
  // From the metadata of a call.
  explicit CallLabels(const Metadata& metadata);

  // `requestID` and, if the call belongs to a trace, `trace_id` and `span_id`; then `more`.
  std::vector<LogField> Fields(std::initializer_list<LogField> more) const;

  std::string request_id;
  TraceContext trace;
};

}  // namespace orc
