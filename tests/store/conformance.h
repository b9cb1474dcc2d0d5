// The suite that every store passes (store/store.h is what it checks). A store joins by one line in a file of its own:
//
//   INSTANTIATE_TEST_SUITE_P(Name, StoreConformance, testing::Values(StorePlaceFactory(...)));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "store/store.h"
#include "tests/store/rows.h"

namespace orc {

// Where a store keeps its data: empty at first, removed at the end.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  // Opens what is there. At most one Store exists at a time.
  virtual std::unique_ptr<Store> Open() = 0;
};

using StorePlaceFactory = std::function<std::unique_ptr<StorePlace>()>;

class StoreConformance : public testing::TestWithParam<StorePlaceFactory> {
 protected:
  StoreConformance() : place_(GetParam()()), store_(place_->Open()) {}

  ChannelStore& Channel(const std::string& name = "mychannel");
  std::unique_ptr<Snapshot> Read(const std::string& channel = "mychannel");
  std::unique_ptr<Transaction> Begin(const std::string& channel = "mychannel");
  // Applies and commits.
  void Write(const ChangeSet& changes, const std::string& channel = "mychannel");
  void Reopen();

 private:
  std::unique_ptr<StorePlace> place_;
  std::unique_ptr<Store> store_;
};

// The value of a Result; without one the test ends with the error's text.
template <class T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace orc
