// Every list of a Snapshot with every filter, over a channel filled so that each choice of an index matters: for tests
// of what lists cost.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/store.h"

namespace orc {

struct ListCase {
  std::string name;
  int64_t last;  // the greatest place in the list, about
  std::function<Result<void>(Snapshot&, const Page&)> ask;
};

// 20,000 tasks with 40,000 events, 5,000 rows of other kinds. Values that filters name are common (half of the rows),
// or rare (a few), in every combination that matters.
void FillLists(ChannelStore& channel);

std::vector<ListCase> ListCases();

}  // namespace orc
