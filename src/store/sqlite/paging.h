// Helpers that the files of Queries share.
#pragma once

#include <vector>

#include "domain/assert.h"
#include "store/sqlite/list_sql.h"
#include "store/store.h"

namespace orc::sqlite {

// What counts towards Page::max_bytes.
inline int64_t BodyBytes(const AssetRow& row) {
  return static_cast<int64_t>(row.body.size());
}
inline int64_t BodyBytes(const EventRow& row) {
  return static_cast<int64_t>(row.body->size());
}
inline int64_t BodyBytes(const TaskRow&) {
  return 0;
}
inline int64_t BodyBytes(int64_t) {
  return 0;
}

// `make` of each row of the page, among those that `accept` takes.
template <class Reader, class Accept, class Make>
auto ReadPage(Reader& reader, const Page& page, Accept accept, Make make) {
  ORC_ASSERT(page.limit >= 1);
  std::vector<decltype(make(reader.row()))> rows;
  int64_t skip = page.skip;
  int64_t bytes = 0;
  while (static_cast<int64_t>(rows.size()) < page.limit && bytes < page.max_bytes && reader.Step()) {
    if (!accept(reader.row())) continue;
    if (skip-- > 0) continue;
    rows.push_back(make(reader.row()));
    bytes += BodyBytes(rows.back());
  }
  return rows;
}

template <class Make>
auto ReadPage(ListReader& reader, const Page& page, Make make) {
  return ReadPage(
      reader, page, [](const Use&) { return true; }, make);
}

}  // namespace orc::sqlite
