// The wall of the room: what SQLite and SQLiteCpp throw becomes an Error. Thread-safe.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "domain/error.h"

namespace orc::sqlite {

// Thrown inside the room for rows that cannot be understood.
struct Damaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// kUnavailable, `storage is not available: <reason>; try again later`, for what the medium or the system refuses;
// kInternal for everything else, with a text for clients, while the particulars go to the log.
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

}  // namespace orc::sqlite
