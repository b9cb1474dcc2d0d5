// What several queries share. Fails as the specification says; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "rpc/paging.h"
#include "rpc/queries.h"
#include "store/assets.h"

namespace orc {

// The asset that a look-up names by `key`, in any form of behaviour.md 4.1. kNotFound, also for a text that is no key
// (decisions.md D11).
template <class T>
Result<void> LookUp(Snapshot& snapshot, std::string_view key, T& response) {
  const std::optional<Key> parsed = Key::FromAnyForm(key);
  if (!parsed) return NotFound(AssetType<T>::kName, key);
  Result<Stored<T>> found = Get<T>(snapshot, StoreKey(*parsed), key);
  if (!found && found.error().kind == ErrorKind::kNotFound) return NotFound(AssetType<T>::kName, key);
  if (!found) return Forward(std::move(found));
  response = std::move(found->asset);
  return {};
}

// The key that a filter names. kInvalidAsset: `<KIND> filter is not valid: <field>: must be a valid UUID.`
Result<Key> FilterKey(std::string_view text, std::string_view kind, std::string_view field);

inline int64_t OrderOf(const AssetRow& row) {
  return row.order;
}
inline int64_t OrderOf(const FullTaskRow& row) {
  return row.row.order;
}

// A page of assets or tasks into a repeated field of a response.
template <class Message, class List>
Result<void> FillPage(const Page& page, google::protobuf::RepeatedPtrField<Message>& messages,
                      std::string& next_page_token, List&& list) {
  return ReadPage(
      page, next_page_token, list, [](const auto& row) { return OrderOf(row); },
      [](const auto& row) { return static_cast<int64_t>(row.body.size()); },
      [&](const auto& row) { return Decode(row, *messages.Add()); });
}

}  // namespace orc
