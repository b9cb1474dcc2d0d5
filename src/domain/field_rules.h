// The rules that fields of requests obey, and the form in which broken rules are reported (behaviour.md 3.3).
//
// A check takes the value of a field and gives the text of the first rule it breaks, or an empty text if it breaks
// none; FieldErrors gathers the texts of one message. Lengths are bytes unless said otherwise. All are linear in the
// value, except that maps are sorted. Pure functions, thread-safe; FieldErrors is thread-compatible.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common.pb.h"
#include "domain/error.h"

namespace orc {

inline constexpr size_t kMaxNameBytes = 100;     // names, tags, identifiers, metadata keys and values
inline constexpr size_t kMaxAddressChars = 200;  // of storage and organizations
inline constexpr size_t kMaxOrganizationChars = 64;
// Elements of one list that are reported: the answer to a request full of bad elements stays small.
inline constexpr size_t kMaxReportedElements = 100;

// Texts of rules that are checked in more than one place.
inline constexpr char kBlankText[] = "cannot be blank";
inline constexpr char kNotBlankText[] = "must be blank";
inline constexpr char kValueText[] = "must be a valid value";

class FieldErrors {
 public:
  // Records what is wrong with `field`: nothing if `text` is empty. At most one text per field is recorded.
  void Add(std::string_view field, std::string text);

  bool empty() const { return errors_.empty(); }

  // What is wrong with a field whose value is the message at hand: `(<errors>)`, or nothing.
  std::string Nested() const;

  // kInvalidAsset `<kind> is not valid: <errors>`, or success if there is none.
  Result<void> ToResult(std::string_view kind) const;

 private:
  std::string Join() const;

  std::map<std::string, std::string, std::less<>> errors_;  // by field, in byte order
};

// `message` with the code of an invalid asset, which some texts of fields carry within.
std::string InvalidText(std::string_view message);

std::string CheckRequired(bool present);
// Key: required, canonical UUID.
std::string CheckKey(std::string_view value);
// Keys that look-ups take in any form of behaviour.md 4.1: required, a UUID.
std::string CheckKeyInAnyForm(std::string_view value);
// Elements, reported by index: canonical UUIDs; empty ones are skipped.
std::string CheckKeys(const google::protobuf::RepeatedPtrField<std::string>& values);

// Stores keep text without the character U+0000.
std::string CheckText(std::string_view value);
// At most `most` characters; may be empty.
std::string CheckCharacters(std::string_view value, size_t most);
// Required, 1 to kMaxNameBytes, text.
std::string CheckName(std::string_view value);
// At most kMaxNameBytes, text; may be empty.
std::string CheckTag(std::string_view value);
// Required, text.
std::string CheckIdentifier(std::string_view value);
// Required, 64 hexadecimal digits.
std::string CheckChecksum(std::string_view value);
// The fields of the message, nested; its storage address is a URL of at most kMaxAddressChars characters.
std::string CheckAddressable(const orchestrator::Addressable& value);
// The same for a field that must be present.
std::string CheckRequiredAddressable(bool present, const orchestrator::Addressable& value);
// Present; its ids are text.
std::string CheckPermissions(bool present, const orchestrator::NewPermissions& value);
// Keys and values of at most kMaxNameBytes; then all of them text. The smallest bad key is reported.
std::string CheckMetadata(const google::protobuf::Map<std::string, std::string>& metadata);

// The entries of a map in byte order of their keys, so that the entry reported does not depend on a hash.
template <class Map>
std::vector<const typename Map::value_type*> SortedEntries(const Map& map) {
  std::vector<const typename Map::value_type*> entries;
  entries.reserve(map.size());
  for (const auto& entry : map) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return entries;
}

}  // namespace orc
