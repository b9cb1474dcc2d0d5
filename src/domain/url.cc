#include "domain/url.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <string>

#include "domain/text.h"

namespace orc {
namespace {

constexpr size_t kShortestUrlBytes = 4;
constexpr size_t kLongestUrlCharacters = 2082;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsControl(char c) {
  return (c >= 0 && c < 0x20) || c == 0x7F;
}
bool IsOneOf(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// What is left of `text` after cutting at the first `separator`, and what followed it.
struct Halves {
  std::string_view before;
  std::string_view after;
};

Halves CutAt(std::string_view text, char separator) {
  const size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool IsEscape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && IsHexDigit(text[1]) && IsHexDigit(text[2]);
}

// Whether every `%` is followed by two hexadecimal digits.
bool HasWholeEscapes(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (!IsEscape(text.substr(at))) return false;
  }
  return true;
}

bool IsUserInformation(std::string_view text) {
  return HasWholeEscapes(text) && std::all_of(text.begin(), text.end(), [](char c) {
           return IsLetter(c) || IsDigit(c) || IsOneOf(c, "-._:~!$&'()*+,;=%@");
         });
}

// A host name may escape bytes beyond ASCII, and the `%` before the zone of an IPv6 address; nothing else.
bool IsHostEscape(std::string_view text) {
  return IsEscape(text) && (text[1] > '7' || text.substr(0, 3) == "%25");
}

bool IsHostName(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (!IsHostEscape(text.substr(i))) return false;
    } else if (c >= 0 && !IsLetter(c) && !IsDigit(c) && !IsOneOf(c, "-._~!$&'()*+,;=:[]<>\"")) {
      return false;
    }
  }
  return true;
}

bool IsOptionalPort(std::string_view text) {
  if (text.empty()) return true;
  return text[0] == ':' && std::all_of(text.begin() + 1, text.end(), IsDigit);
}

// A host with its port; the brackets of an IPv6 address hide the colons in it.
bool IsHost(std::string_view host) {
  std::string_view port;
  if (host.starts_with('[')) {
    const size_t close = host.rfind(']');
    if (close == std::string_view::npos) return false;
    port = host.substr(close + 1);
  } else if (const size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
  }
  return IsOptionalPort(port) && IsHostName(host);
}

// The scheme before the first colon; empty if there is none, nothing if the text begins with the colon.
std::optional<std::string_view> SchemeOf(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsLetter(c)) continue;
    if (c == ':') return i == 0 ? std::nullopt : std::optional(text.substr(0, i));
    if (i == 0 || !(IsDigit(c) || IsOneOf(c, "+-."))) break;
  }
  return "";
}

struct Parsed {
  std::string_view scheme;
  std::string_view host;
  std::string_view path;
};

// A request URL is absolute, by scheme or by path; a reference may be relative, and three slashes begin its path.
enum class UrlForm { kReference, kRequest };

// Fills host and path from what stands between the scheme and the query.
bool ParseHierarchy(std::string_view rest, UrlForm form, Parsed& parsed) {
  const bool has_scheme = !parsed.scheme.empty();
  if (!rest.starts_with('/')) {
    if (has_scheme) return true;  // opaque, like mailto:x
    if (form == UrlForm::kRequest) return false;
    if (CutAt(rest, '/').before.find(':') != std::string_view::npos) return false;
  }
  const bool may_name_host = has_scheme || (form == UrlForm::kReference && !rest.starts_with("///"));
  if (may_name_host && rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    rest.remove_prefix(authority.size());
    const size_t at = authority.rfind('@');
    parsed.host = at == std::string_view::npos ? authority : authority.substr(at + 1);
    if (!IsHost(parsed.host)) return false;
    if (at != std::string_view::npos && !IsUserInformation(authority.substr(0, at))) return false;
  }
  parsed.path = rest;
  return HasWholeEscapes(rest);
}

std::optional<Parsed> Parse(std::string_view text, UrlForm form) {
  if (std::any_of(text.begin(), text.end(), IsControl)) return std::nullopt;
  if (form == UrlForm::kReference) {
    const Halves halves = CutAt(text, '#');
    if (!HasWholeEscapes(halves.after)) return std::nullopt;
    text = halves.before;
  }
  const std::optional<std::string_view> scheme = SchemeOf(text);
  if (!scheme) return std::nullopt;
  Parsed parsed{*scheme, {}, {}};
  if (!scheme->empty()) text.remove_prefix(scheme->size() + 1);
  if (!ParseHierarchy(CutAt(text, '?').before, form, parsed)) return std::nullopt;
  return parsed;
}

constexpr char kIpv4[] =
    R"((?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.(?:1?\d\d?|2[0-4]\d|25[0-5])){2}\.(?:\d\d?|1\d\d|2[0-4]\d|25[0-4]))";

// Full and compressed forms, link-local addresses with a zone, and forms that end in an IPv4 address.
std::string Ipv6Grammar() {
  const std::string group = "[0-9a-fA-F]{1,4}";
  std::string forms = "(?:" + group + ":){7}" + group;
  for (int left = 1; left <= 6; ++left) {
    const std::string right = std::to_string(7 - left);
    forms += "|(?:" + group + ":){1," + std::to_string(left) + "}(?::" + group + "){1," + right + "}";
  }
  forms += "|(?:" + group + ":){1,7}:|:(?:(?::" + group + "){1,7}|:)";
  forms += "|fe80:(?::[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]+";
  const std::string ipv4 = R"((?:(?:1?\d?\d|2[0-4]\d|25[0-5])\.){3}(?:1?\d?\d|2[0-4]\d|25[0-5]))";
  forms += "|::(?:ffff(?::0{1,4})?:)?" + ipv4 + "|(?:" + group + ":){1,4}:" + ipv4;
  return forms;
}

// The grammar of behaviour.md 3.4, part by part under its names. A user with a password is a run of non-blanks too.
std::string UrlGrammar() {
  const std::string a = "[a-zA-Z0-9]";
  const std::string u = R"([a-zA-Z0-9\x{A1}-\x{FFFF}])";
  const std::string prefix1 = a + "[a-zA-Z0-9_-]*" + a + "(?:[-.]" + a + "+)*";
  const std::string prefix2 = R"(www\.|)" + a + "+(?:[-_.]?" + a + ")*" + a + R"(\.)" + a + "+";
  const std::string core = "(?:" + u + "+-{0,2})*" + u + "+";
  const std::string tail = R"(\.[a-zA-Z\x{A1}-\x{FFFF}]+)";
  const std::string name = "(?:" + prefix1 + "|" + prefix2 + ")?" + core + "(?:" + tail + ")?";
  const std::string host = "(?:" + std::string(kIpv4) + R"(|\[(?:)" + Ipv6Grammar() + R"()\]|)" + name + ")";
  return R"((?:(?:ftp|tcp|udp|wss?|https?)://)?(?:\S+@)?)" + host + R"(\.?(?::\d{1,5})?(?:[/?#]\S*)?)";
}

const RE2& UrlPattern() {
  // Never destroyed: calls may still run while the process ends.
  static const RE2* const pattern = new RE2(UrlGrammar(), RE2::Quiet);
  return *pattern;
}

}  // namespace

bool IsUrl(std::string_view text) {
  if (text.size() < kShortestUrlBytes || text.front() == '.') return false;
  if (CountCharacters(text) > kLongestUrlCharacters) return false;
  const bool lacks_scheme = text.find(':') != std::string_view::npos && text.find("://") == std::string_view::npos;
  const std::string completed = std::string(lacks_scheme ? "http://" : "").append(text);
  const std::optional<Parsed> parsed = Parse(completed, UrlForm::kReference);
  if (!parsed || parsed->host.starts_with('.')) return false;
  // A bare word is no URL, although the grammar would have it.
  const std::string_view path = parsed->path;
  if (parsed->host.empty() && !path.empty() && path.find('.') == std::string_view::npos) return false;
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), UrlPattern());
}

bool IsRequestUrl(std::string_view text) {
  const std::optional<Parsed> parsed = Parse(text, UrlForm::kRequest);
  return parsed && !parsed->scheme.empty();
}

}  // namespace orc
