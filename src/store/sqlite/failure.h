// What SQLite and SQLiteCpp throw, until the wall (store/wall.h) makes an Error of it. Thread-safe.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "store/wall.h"

namespace orc::sqlite {

// Thrown inside the room for rows that cannot be understood.
struct Damaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What was caught at the edge of the room: StorageUnavailable for what the medium or the system refuses, else
// StorageDamaged.
Error ToError(const std::exception& exception);

using Wall = WallWith<&ToError>;

template <class Work>
auto Guarded(Work&& work) noexcept -> decltype(work()) {
  return Wall::Call(std::forward<Work>(work));
}

}  // namespace orc::sqlite
