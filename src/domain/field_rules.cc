#include "domain/field_rules.h"

#include <optional>

#include "domain/key.h"
#include "domain/text.h"
#include "domain/url.h"

namespace orc {
namespace {

constexpr size_t kChecksumBytes = 64;
constexpr char kUuidText[] = "must be a valid UUID";
constexpr char kNulText[] = "must not contain the character U+0000";

bool HasNul(std::string_view value) {
  return value.find('\0') != std::string_view::npos;
}

std::string LengthText(size_t most) {
  return "the length must be no more than " + std::to_string(most);
}

std::string CheckStorageAddress(std::string_view value) {
  if (value.empty()) return kBlankText;
  return IsUrl(value) ? CheckCharacters(value, kMaxAddressChars) : "must be a valid URL";
}

// The smallest key among the entries for which `is_bad` holds; nothing if there is none.
template <class IsBad>
const std::string* SmallestBadKey(const google::protobuf::Map<std::string, std::string>& metadata, IsBad is_bad) {
  const std::string* smallest = nullptr;
  for (const auto& [key, value] : metadata) {
    if (is_bad(key, value) && (smallest == nullptr || key < *smallest)) smallest = &key;
  }
  return smallest;
}

}  // namespace

void FieldErrors::Add(std::string_view field, std::string text) {
  if (!text.empty()) errors_.emplace(field, std::move(text));
}

std::string FieldErrors::Join() const {
  std::string joined;
  for (const auto& [field, text] : errors_) {
    if (!joined.empty()) joined += "; ";
    joined.append(field).append(": ").append(text);
  }
  return joined + '.';
}

std::string FieldErrors::Nested() const {
  return errors_.empty() ? "" : "(" + Join() + ")";
}

Result<void> FieldErrors::ToResult(std::string_view kind) const {
  if (errors_.empty()) return {};
  return Fail(ErrorKind::kInvalidAsset, std::string(kind) + " is not valid: " + Join());
}

std::string InvalidText(std::string_view message) {
  return Fail(ErrorKind::kInvalidAsset, message).value().text;
}

std::string CheckRequired(bool present) {
  return present ? "" : kBlankText;
}

std::string CheckKey(std::string_view value) {
  if (value.empty()) return kBlankText;
  return Key::FromCanonical(value) ? "" : kUuidText;
}

std::string CheckKeyInAnyForm(std::string_view value) {
  if (value.empty()) return kBlankText;
  return Key::FromAnyForm(value) ? "" : kUuidText;
}

std::string CheckKeys(const google::protobuf::RepeatedPtrField<std::string>& values) {
  FieldErrors errors;
  size_t reported = 0;
  for (int i = 0; i < values.size() && reported < kMaxReportedElements; ++i) {
    if (values[i].empty() || Key::FromCanonical(values[i])) continue;
    errors.Add(std::to_string(i), kUuidText);
    ++reported;
  }
  return errors.Nested();
}

std::string CheckText(std::string_view value) {
  return HasNul(value) ? kNulText : "";
}

std::string CheckCharacters(std::string_view value, size_t most) {
  return CountCharacters(value) > most ? LengthText(most) : "";
}

std::string CheckName(std::string_view value) {
  if (value.empty()) return kBlankText;
  if (value.size() > kMaxNameBytes) return "the length must be between 1 and " + std::to_string(kMaxNameBytes);
  return CheckText(value);
}

std::string CheckTag(std::string_view value) {
  return value.size() > kMaxNameBytes ? LengthText(kMaxNameBytes) : CheckText(value);
}

std::string CheckIdentifier(std::string_view value) {
  return value.empty() ? kBlankText : CheckText(value);
}

std::string CheckChecksum(std::string_view value) {
  if (value.empty()) return kBlankText;
  if (value.size() != kChecksumBytes) return "the length must be exactly " + std::to_string(kChecksumBytes);
  const bool hexadecimal = value.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  return hexadecimal ? "" : "must be a valid hexadecimal number";
}

std::string CheckAddressable(const orchestrator::Addressable& value) {
  FieldErrors errors;
  errors.Add("checksum", CheckChecksum(value.checksum()));
  errors.Add("storage_address", CheckStorageAddress(value.storage_address()));
  return errors.Nested();
}

std::string CheckRequiredAddressable(bool present, const orchestrator::Addressable& value) {
  return present ? CheckAddressable(value) : kBlankText;
}

std::string CheckPermissions(bool present, const orchestrator::NewPermissions& value) {
  if (!present) return kBlankText;
  const auto& ids = value.authorized_ids();
  FieldErrors errors;
  if (std::any_of(ids.begin(), ids.end(), HasNul)) errors.Add("authorized_ids", kNulText);
  return errors.Nested();
}

std::string CheckMetadata(const google::protobuf::Map<std::string, std::string>& metadata) {
  const auto is_long = [](const std::string& key, const std::string& value) {
    return key.size() > kMaxNameBytes || value.size() > kMaxNameBytes;
  };
  if (const std::string* key = SmallestBadKey(metadata, is_long)) {
    const char* const part = key->size() > kMaxNameBytes ? "metadata key " : "metadata value for key ";
    return InvalidText(part + Quote(*key) + " is too long");
  }
  const auto has_nul = [](const auto& entry) { return HasNul(entry.first) || HasNul(entry.second); };
  return std::any_of(metadata.begin(), metadata.end(), has_nul) ? kNulText : "";
}

}  // namespace orc
