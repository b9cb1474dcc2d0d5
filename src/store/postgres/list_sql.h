// The statement of a list (store/lists.h): each range of the index as long as a page can be, merged, cut to the page,
// and joined with the bodies. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/lists.h"
#include "store/postgres/parameters.h"
#include "store/store.h"

namespace orc::postgres {

struct List : ListChoice {
  std::string_view join = {};            // what is joined to the rows of the page, named `page`; its columns come last
  std::string_view joined_columns = {};  // `body` is among these or `columns`
};

// The statement for a page of the list. The text depends on the columns named, not on the values.
std::string ListSql(const List& list, bool descending);

// Its parameters. The order of the rows lies strictly between `low` and `high` as well as within the page.
Parameters ListParameters(const List& list, int64_t channel, const Page& page, int64_t low = 0,
                          int64_t high = INT64_MAX);

}  // namespace orc::postgres
