// What the database and the way to it throw: a Failure, until the wall (store/wall.h) makes an Error of it.
// Thread-safe.
#pragma once

#include <libpq-fe.h>

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "store/wall.h"

namespace orc::postgres {

struct Failure : std::exception {
  explicit Failure(Error failed, bool lost = false) : error(std::move(failed)), connection_lost(lost) {}
  const char* what() const noexcept override { return error.text.c_str(); }

  Error error;
  // Nobody knows what became of the statements that were under way.
  bool connection_lost;
};

// A connection that has ended, or gives no answer; `detail` goes to the log.
Failure Lost(std::string_view detail);

// A statement that the database has refused: kUnavailable for what may pass by itself or by an operator's hand (locks
// and time limits, a server that is full, stopping, read-only or not set up), kInternal for everything else.
Failure Refused(const PGresult* result);

// kInternal: what is stored cannot be understood; `detail` goes to the log.
Failure Damaged(std::string_view detail);

// What was caught at the edge of the room.
Error ToError(const std::exception& exception);

using Wall = WallWith<&ToError>;

template <class Work>
auto Guarded(Work&& work) noexcept -> decltype(work()) {
  return Wall::Call(std::forward<Work>(work));
}

}  // namespace orc::postgres
