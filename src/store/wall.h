// The wall of a store: what goes wrong between it and its medium is thrown inside, and becomes an Error at its edge.
//
// Texts are for clients: they name what to do, never files, addresses or statements. Particulars go to the log.
// Thread-safe.
#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include "domain/error.h"

namespace orc {

// kUnavailable, `storage is not available: <reason>; try again later`: what may pass by itself or by an operator's
// hand.
Error StorageUnavailable(std::string_view reason);

// kInternal, `stored data cannot be understood`; `detail` goes to the log.
Error StorageDamaged(std::string_view detail);

// The error of an exception that no store throws by itself: StorageUnavailable when memory is short, else
// StorageDamaged.
Error UnexpectedError(const std::exception& exception);

// Call(work) calls `work`, which returns a Result, and makes an Error of what it throws. For store/reading.h.
template <Error (*ToError)(const std::exception&)>
struct WallWith {
  template <class Work>
  static auto Call(Work&& work) noexcept -> decltype(work()) {
    try {
      return std::forward<Work>(work)();
    } catch (const std::exception& exception) {
      return tl::unexpected<Error>(ToError(exception));
    }
  }
};

}  // namespace orc
