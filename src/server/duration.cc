#include "server/duration.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace orc {
namespace {

constexpr uint64_t kLimit = uint64_t{1} << 63;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<uint64_t> UnitNanoseconds(std::string_view unit) {
  // Micro has two characters in Unicode: U+00B5 and U+03BC.
  constexpr std::array<std::pair<std::string_view, uint64_t>, 8> kUnits{{{"ns", 1},
                                                                         {"us", 1'000},
                                                                         {"\u00B5s", 1'000},
                                                                         {"\u03BCs", 1'000},
                                                                         {"ms", 1'000'000},
                                                                         {"s", 1'000'000'000},
                                                                         {"m", 60'000'000'000},
                                                                         {"h", 3'600'000'000'000}}};
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& each) { return each.first == unit; });
  if (found == kUnits.end()) return std::nullopt;
  return found->second;
}

// Takes the digits at the front of `text`. No value: no room for them in 63 bits.
std::optional<uint64_t> TakeInteger(std::string_view& text) {
  uint64_t value = 0;
  while (!text.empty() && IsDigit(text[0])) {
    if (value > kLimit / 10) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(text[0] - '0');
    if (value > kLimit) return std::nullopt;
    text.remove_prefix(1);
  }
  return value;
}

// Takes the digits at the front of `text` as the decimals of a number below 1.
double TakeFraction(std::string_view& text) {
  double value = 0;
  double scale = 1;
  while (!text.empty() && IsDigit(text[0])) {
    scale /= 10;
    value += scale * (text[0] - '0');
    text.remove_prefix(1);
  }
  return value;
}

// Takes `<number><unit>` at the front of `text`.
std::optional<uint64_t> TakeTerm(std::string_view& text) {
  const size_t before = text.size();
  const std::optional<uint64_t> whole = TakeInteger(text);
  if (!whole) return std::nullopt;
  size_t digits = before - text.size();
  double fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const size_t left = text.size();
    fraction = TakeFraction(text);
    digits += left - text.size();
  }
  if (digits == 0) return std::nullopt;
  const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c == '.' || IsDigit(c); });
  const auto length = static_cast<size_t>(end - text.begin());
  const std::optional<uint64_t> unit = UnitNanoseconds(text.substr(0, length));
  if (!unit || *whole > kLimit / *unit) return std::nullopt;
  text.remove_prefix(length);
  // Rounded, so that decimals which a double cannot hold exactly still give the nanoseconds they mean.
  const uint64_t term = *whole * *unit + static_cast<uint64_t>(fraction * static_cast<double>(*unit) + 1e-4);
  return term > kLimit ? std::nullopt : std::optional(term);
}

}  // namespace

std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  uint64_t sum = 0;
  while (!text.empty()) {
    const std::optional<uint64_t> term = TakeTerm(text);
    if (!term || sum + *term > kLimit) return std::nullopt;
    sum += *term;
  }
  if (sum == kLimit) {  // only the negative number of this size exists
    return negative ? std::optional(std::chrono::nanoseconds::min()) : std::nullopt;
  }
  const auto value = static_cast<int64_t>(sum);
  return std::chrono::nanoseconds(negative ? -value : value);
}

std::string GoDuration(std::chrono::nanoseconds duration) {
  const int64_t count = duration.count();
  const std::string sign = count < 0 ? "-" : "";
  const uint64_t left = count < 0 ? uint64_t{0} - static_cast<uint64_t>(count) : static_cast<uint64_t>(count);
  const auto decimal = [&](uint64_t value, uint64_t unit, std::string_view name) {
    std::string text = std::to_string(value / unit);
    if (value % unit != 0) {
      std::string decimals = std::to_string(unit + value % unit).substr(1);
      decimals.erase(decimals.find_last_not_of('0') + 1);
      text += "." + decimals;
    }
    return text.append(name);
  };
  if (left == 0) return "0s";
  if (left < 1'000) return sign + decimal(left, 1, "ns");
  if (left < 1'000'000) return sign + decimal(left, 1'000, "µs");
  if (left < 1'000'000'000) return sign + decimal(left, 1'000'000, "ms");
  constexpr uint64_t kMinute = 60'000'000'000;
  const uint64_t minutes = left / kMinute;
  std::string text = decimal(left % kMinute, 1'000'000'000, "s");
  if (minutes > 0) text = std::to_string(minutes % 60) + "m" + text;
  if (minutes >= 60) text = std::to_string(minutes / 60) + "h" + text;
  return sign + text;
}

std::optional<bool> ParseGoBool(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue{"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  return std::nullopt;
}

}  // namespace orc
