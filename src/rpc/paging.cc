#include "rpc/paging.h"

#include <algorithm>
#include <charconv>

namespace orc {
namespace {

// Our tokens: this letter, which no decimal token begins with, and the order in hexadecimal.
constexpr char kTokenMark = 'k';

template <class T>
bool ParseWhole(std::string_view text, T& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

}  // namespace

Result<Page> ParsePage(const std::string& token, uint32_t size, bool descending) {
  Page page;
  page.descending = descending;
  page.limit = size == 0 ? kDefaultPageSize : static_cast<int32_t>(std::min<uint32_t>(size, kMaxPageSize));
  if (token.empty()) return page;
  std::string_view text = token;
  bool valid = false;
  if (text.front() == kTokenMark) {
    valid = ParseWhole(text.substr(1), page.after, 16) && page.after > 0;
  } else {
    if (text.front() == '+') text.remove_prefix(1);
    valid = !text.starts_with('-') && ParseWhole(text, page.skip, 10);
  }
  if (!valid) return Fail(ErrorKind::kInvalidAsset, "page token is not valid");
  return page;
}

std::string NextToken(int64_t order) {
  char buffer[20];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, order, 16);
  return std::string(1, kTokenMark).append(buffer, end);
}

}  // namespace orc
