// Pages of lists (behaviour.md 4.3, decisions.md D1 and D13). Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace orc {

inline constexpr int32_t kDefaultPageSize = 50;
inline constexpr int32_t kMaxPageSize = 1000;
// Of the bodies in one page: an answer must stay below the 4 MiB that clients receive by default.
inline constexpr int64_t kMaxPageBytes = 3 << 20;

// The part of a list that a request asks for. Tokens are those of NextToken, or the decimal offsets of old clients;
// any other: kInvalidAsset `page token is not valid`.
Result<Page> ParsePage(const std::string& token, uint32_t size, bool descending = false);

// The token for the rows beyond the one at `order`.
std::string NextToken(int64_t order);

// Reads a page by `list(page)`, hands each row to `take(row)`, and sets the token of the next page when there may be
// one. `order(row)` is the row's place in the list, `bytes(row)` the size of its body. A page ends before its bodies
// exceed kMaxPageBytes, but has one row at least.
template <class List, class Order, class Bytes, class Take>
Result<void> ReadPage(Page page, std::string& next_page_token, List&& list, Order&& order, Bytes&& bytes, Take&& take) {
  const auto limit = static_cast<size_t>(page.limit);
  ++page.limit;  // one row more tells whether there is a next page
  page.max_bytes = kMaxPageBytes;
  ORC_ASSIGN(auto rows, list(page));
  size_t count = 0;
  int64_t total = 0;
  while (count < rows.size() && count < limit) {
    total += bytes(rows[count]);
    if (count > 0 && total > kMaxPageBytes) break;
    ORC_TRY(take(rows[count++]));
  }
  // Rows are left over, or reading ended at the bound of bytes.
  if (count < rows.size() || total >= kMaxPageBytes) next_page_token = NextToken(order(rows[count - 1]));
  return {};
}

}  // namespace orc
