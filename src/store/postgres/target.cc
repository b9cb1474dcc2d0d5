#include "store/postgres/target.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <span>
#include <utility>

namespace orc::postgres {
namespace {

// What libpq is given unless the target says otherwise. A host that is gone without a word is noticed in half a minute.
constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {
    {"target_session_attrs", "read-write"}, {"connect_timeout", "3"},
    {"application_name", "orchestrator"},   {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},           {"keepalives_count", "3"},
    {"tcp_user_timeout", "25000"},
};

constexpr std::string_view kSslModes[] = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
constexpr std::string_view kSessions[] = {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"};

bool IsOneOf(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One port, or one per host, separated by commas; an empty one is the default.
bool ArePorts(std::string_view list) {
  for (;;) {
    const size_t end = std::min(list.find(','), list.size());
    const std::string_view port = list.substr(0, end);
    int number = 0;
    const auto [rest, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool is_number = error == std::errc{} && rest == port.data() + port.size();
    if (!port.empty() && (!is_number || number < 1 || number > 65'535)) return false;
    if (end == list.size()) return true;
    list.remove_prefix(end + 1);
  }
}

// What is wanted of a value that libpq would refuse only when it connects, and then every time.
const char* Wanted(std::string_view keyword, std::string_view value) {
  if (keyword == "port" && !ArePorts(value)) {
    return "a whole number from 1 to 65535 is wanted; in a URL, @ : / ? # and % of user and password are "
           "percent-encoded";
  }
  if (keyword == "sslmode" && !IsOneOf(kSslModes, value)) {
    return "disable, allow, prefer, require, verify-ca or verify-full is wanted";
  }
  if (keyword == "target_session_attrs" && !IsOneOf(kSessions, value)) {
    return "any, read-write, read-only, primary, standby or prefer-standby is wanted";
  }
  return nullptr;
}

}  // namespace

void AppendParameter(std::string& target, std::string_view keyword, std::string_view value) {
  if (!target.empty()) target += ' ';
  target.append(keyword).append("='");
  for (const char c : value) {
    if (c == '\'' || c == '\\') target += '\\';
    target += c;
  }
  target += '\'';
}

Result<std::string> CompleteTarget(const std::string& target) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(target.c_str(), nullptr),
                                                                             &PQconninfoFree);
  // What libpq complains of may hold the password.
  if (options == nullptr) {
    return Fail(ErrorKind::kBadRequest, "the database's address is neither a postgresql:// URL nor in key=value form");
  }
  std::string complete;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    std::string_view value = option->val == nullptr ? "" : option->val;
    if (const char* const wanted = value.empty() ? nullptr : Wanted(option->keyword, value)) {
      return Fail(ErrorKind::kBadRequest, std::string(option->keyword) + " of the database's address: " + wanted);
    }
    const auto* const found = std::find_if(std::begin(kDefaults), std::end(kDefaults),
                                           [&](const auto& entry) { return entry.first == option->keyword; });
    if (option->val == nullptr && found != std::end(kDefaults)) value = found->second;
    if (!value.empty()) AppendParameter(complete, option->keyword, value);
  }
  return complete;
}

}  // namespace orc::postgres
