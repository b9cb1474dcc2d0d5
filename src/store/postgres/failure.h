// The wall of the room: what goes wrong between here and the database is thrown as a Failure inside the room and
// becomes an Error at its edge. Thread-safe.
//
// Texts are for clients: they name what to do, never addresses, users or statements. Particulars go to the log.
#pragma once

#include <libpq-fe.h>

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "domain/error.h"

namespace orc::postgres {

struct Failure : std::exception {
  explicit Failure(Error failed, bool lost = false) : error(std::move(failed)), connection_lost(lost) {}
  const char* what() const noexcept override { return error.text.c_str(); }

  Error error;
  // Nobody knows what became of the statements that were under way.
  bool connection_lost;
};

// kUnavailable, `storage is not available: <reason>; try again later`.
Error Unavailable(std::string_view reason);

// A connection that has ended, or gives no answer; `detail` goes to the log.
Failure Lost(std::string_view detail);

// A statement that the database has refused: kUnavailable for what may pass by itself or by an operator's hand (locks
// and time limits, a server that is full, stopping, read-only or not set up), kInternal for everything else.
Failure Refused(const PGresult* result);

// kInternal: what is stored cannot be understood; `detail` goes to the log.
Failure Damaged(std::string_view detail);

// What was caught at the edge of the room.
Error ToError(const std::exception& exception);

// Calls `work`, which returns a Result, and turns exceptions into errors.
template <class Work>
auto Guarded(Work&& work) noexcept -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::exception& exception) {
    return tl::unexpected<Error>(ToError(exception));
  }
}

// The same as a type, for store/reading.h.
struct Wall {
  template <class Work>
  static auto Call(Work&& work) noexcept -> decltype(work()) {
    return Guarded(std::forward<Work>(work));
  }
};

}  // namespace orc::postgres
