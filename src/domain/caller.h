// Who makes a call, and where. A value.
#pragma once

#include <string>

namespace orc {

struct Caller {
  std::string organization;
  std::string channel;
  std::string request_id;  // for the log only
};

}  // namespace orc
