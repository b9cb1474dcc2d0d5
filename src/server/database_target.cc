#include "server/database_target.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "store/postgres/target.h"

namespace orc {
namespace {

using Failure = tl::unexpected<std::string>;
using postgres::AppendParameter;

// Of pgx and of its migration tool.
bool IsForeign(std::string_view keyword) {
  constexpr std::array<std::string_view, 3> kDriver = {"default_query_exec_mode", "statement_cache_capacity",
                                                       "description_cache_capacity"};
  return keyword.starts_with("pool_") || keyword.starts_with("x-") ||
         std::find(kDriver.begin(), kDriver.end(), keyword) != kDriver.end();
}

// Takes a parameter out of what libpq is given. Whether it could be understood.
bool TakeForeign(std::string_view keyword, std::string_view value, DatabaseTarget& target) {
  if (keyword != "pool_max_conns") return true;
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < 1 || number > 10'000) return false;
  target.max_connections = number;
  return true;
}

Failure WrongPool() {
  return Failure("pool_max_conns of the database's address: a whole number from 1 to 10000 is wanted");
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A percent sign that begins no escape stands for itself.
std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    if (escape) {
      decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// The first of `separators` ends a part; empty parts are left out.
std::vector<std::string_view> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::pair<std::string_view, std::string_view> AtEquals(std::string_view parameter) {
  const size_t equals = std::min(parameter.find('='), parameter.size());
  return {parameter.substr(0, equals), parameter.substr(std::min(equals + 1, parameter.size()))};
}

tl::expected<DatabaseTarget, std::string> FromUrl(std::string_view url) {
  DatabaseTarget target;
  const size_t query = std::min(url.find('?'), url.size());
  target.target = url.substr(0, query);
  char separator = '?';
  for (const std::string_view parameter : Split(url.substr(std::min(query + 1, url.size())), "&")) {
    const auto [keyword, value] = AtEquals(parameter);
    if (IsForeign(keyword)) {
      if (!TakeForeign(keyword, value, target)) return WrongPool();
      continue;
    }
    target.target.append(1, std::exchange(separator, '&')).append(parameter);
  }
  return target;
}

// The end of the value that begins at `at` in key=value text; a backslash takes the next character's meaning.
size_t ValueEnd(std::string_view text, size_t at) {
  const bool quoted = at < text.size() && text[at] == '\'';
  for (size_t i = quoted ? at + 1 : at; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (quoted && text[i] == '\'') {
      return i + 1;
    } else if (!quoted && text[i] == ' ') {
      return i;
    }
  }
  return text.size();
}

tl::expected<DatabaseTarget, std::string> FromPairs(std::string_view text) {
  DatabaseTarget target;
  size_t at = text.find_first_not_of(' ');
  while (at != std::string_view::npos) {
    const size_t equals = std::min(text.find('=', at), text.size());
    const std::string_view spaced = text.substr(at, equals - at);
    const std::string_view keyword = spaced.substr(0, spaced.find_last_not_of(' ') + 1);
    const size_t value_at = std::min(text.find_first_not_of(' ', std::min(equals + 1, text.size())), text.size());
    const size_t end = ValueEnd(text, value_at);
    std::string_view value = text.substr(value_at, end - value_at);
    if (IsForeign(keyword)) {
      if (value.size() >= 2 && value.front() == '\'') value = value.substr(1, value.size() - 2);
      if (!TakeForeign(keyword, value, target)) return WrongPool();
    } else {
      target.target.append(target.target.empty() ? "" : " ").append(text.substr(at, end - at));
    }
    at = text.find_first_not_of(' ', end);
  }
  return target;
}

std::string Piece(const Environment& environment, const std::string& name) {
  const std::optional<std::string> prefixed = environment(("ORCHESTRATOR_DATABASE_" + name).c_str());
  if (prefixed && !prefixed->empty()) return *prefixed;
  return environment(("DATABASE_" + name).c_str()).value_or("");
}

tl::expected<DatabaseTarget, std::string> FromPieces(const Environment& environment) {
  constexpr std::array<std::pair<const char*, const char*>, 5> kPieces = {
      {{"HOSTNAME", "host"}, {"PORT", "port"}, {"DATABASE", "dbname"}, {"USERNAME", "user"}, {"PASSWORD", "password"}}};
  DatabaseTarget target;
  if (Piece(environment, "HOSTNAME").empty()) return target;
  for (const auto& [piece, keyword] : kPieces) {
    const std::string value = Piece(environment, piece);
    if (!value.empty()) AppendParameter(target.target, keyword, value);
  }
  const std::string parameters = Piece(environment, "CONNECTION_PARAMETERS");
  for (const std::string_view parameter : Split(parameters, "& ")) {
    const auto [keyword, value] = AtEquals(parameter);
    if (!IsForeign(keyword)) {
      AppendParameter(target.target, keyword, PercentDecoded(value));
    } else if (!TakeForeign(keyword, value, target)) {
      return WrongPool();
    }
  }
  return target;
}

}  // namespace

tl::expected<DatabaseTarget, std::string> ReadDatabaseTarget(const std::string& url, const Environment& environment) {
  if (url.empty()) return FromPieces(environment);
  if (url.starts_with("postgres://") || url.starts_with("postgresql://")) return FromUrl(url);
  return FromPairs(url);
}

}  // namespace orc
