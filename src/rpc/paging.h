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

// The part of a list that a request asks for. Tokens are those of NextToken, or the decimal offsets of old clients;
// any other: kInvalidAsset `page token is not valid`.
Result<Page> ParsePage(const std::string& token, uint32_t size, bool descending = false);

// The token for the rows beyond the one at `order`.
std::string NextToken(int64_t order);

// Reads a page by `list(page)`, which gives rows beyond the page's limit when there are more, hands each row to
// `take(row)`, and sets the token of the next page when there is one. `order(row)` is the row's place in the list.
template <class List, class Order, class Take>
Result<void> ReadPage(Page page, std::string& next_page_token, List&& list, Order&& order, Take&& take) {
  const auto limit = static_cast<size_t>(page.limit);
  ++page.limit;  // one row more tells whether there is a next page
  ORC_ASSIGN(auto rows, list(page));
  const bool more = rows.size() > limit;
  if (more) rows.resize(limit);
  for (auto& row : rows) ORC_TRY(take(row));
  if (more) next_page_token = NextToken(order(rows.back()));
  return {};
}

}  // namespace orc
