// Settled: decides when the content of a followed file counts.
//
// A content counts once two readings in a row find it, so that a writer that is half-way is not believed, and it counts
// once: the same content, or the same error, is not judged again. Contents are compared, not times or inodes, because
// mounted volumes swap symbolic links. Not thread-safe.
#pragma once

#include <utility>

#include "domain/error.h"

namespace orc {

template <class T>
class Settled {
 public:
  // `initial` has been judged.
  explicit Settled(Result<T> initial) : judged_(initial), last_(std::move(initial)) {}

  // The reading that is to be judged now, nullptr if none. Good until the next call.
  const Result<T>* Offer(Result<T> reading) {
    const bool settled = Same(reading, last_);
    last_ = std::move(reading);
    if (!settled || Same(last_, judged_)) return nullptr;
    judged_ = last_;
    return &judged_;
  }

 private:
  static bool Same(const Result<T>& a, const Result<T>& b) {
    if (a.has_value() != b.has_value()) return false;
    return a ? *a == *b : a.error().text == b.error().text;
  }

  Result<T> judged_;
  Result<T> last_;
};

}  // namespace orc
