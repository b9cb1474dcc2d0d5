#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "domain/text.h"
#include "server/duration.h"
#include "server/healthcheck.h"

namespace orc {
namespace {

using Options = HealthcheckOptions;
using Complaint = std::optional<std::string>;

struct Flag {
  std::string_view name;
  bool boolean;  // may stand without value, which means true
  Complaint (*take)(const std::string& value, Options& options);
};

template <std::string Options::*member>
Complaint TakeText(const std::string& value, Options& options) {
  options.*member = value;
  return std::nullopt;
}

template <bool Options::*member>
Complaint TakeBool(const std::string& value, Options& options) {
  const auto parsed = ParseGoBool(value);
  if (!parsed) return "a boolean is wanted";
  options.*member = *parsed;
  return std::nullopt;
}

template <std::chrono::nanoseconds Options::*member>
Complaint TakeTimeout(const std::string& value, Options& options) {
  const auto parsed = ParseGoDuration(value);
  if (!parsed) return "a duration such as 500ms is wanted";
  if (parsed->count() <= 0) return "must be greater than zero";
  options.*member = std::min<std::chrono::nanoseconds>(*parsed, std::chrono::hours(24));
  return std::nullopt;
}

bool IsPrintable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

Complaint TakeUserAgent(const std::string& value, Options& options) {
  if (!IsPrintable(value)) return "printable ASCII is wanted";
  options.user_agent = value;
  return std::nullopt;
}

// gRPC ends the process on metadata that is not legal in HTTP/2, so it is refused here.
Complaint TakeHeader(const std::string& value, Options& options) {
  const size_t colon = value.find(':');
  if (colon == std::string::npos || colon == 0) return "`name: value` is wanted";
  std::string name = value.substr(0, colon);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const size_t start = value.find_first_not_of(' ', colon + 1);
  const std::string content = start == std::string::npos ? "" : value.substr(start);
  const bool legal_name = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (!legal_name || !IsPrintable(content) || name.starts_with("grpc-")) return "is not a legal header";
  options.headers.emplace_back(std::move(name), content);
  return std::nullopt;
}

constexpr std::array kFlags{
    Flag{"addr", false, TakeText<&Options::address>},
    Flag{"service", false, TakeText<&Options::service>},
    Flag{"user-agent", false, TakeUserAgent},
    Flag{"connect-timeout", false, TakeTimeout<&Options::connect_timeout>},
    Flag{"rpc-timeout", false, TakeTimeout<&Options::rpc_timeout>},
    Flag{"rpc-header", false, TakeHeader},
    Flag{"tls", true, TakeBool<&Options::tls>},
    Flag{"tls-no-verify", true, TakeBool<&Options::tls_no_verify>},
    Flag{"tls-ca-cert", false, TakeText<&Options::tls_ca_cert>},
    Flag{"tls-client-cert", false, TakeText<&Options::tls_client_cert>},
    Flag{"tls-client-key", false, TakeText<&Options::tls_client_key>},
    Flag{"tls-server-name", false, TakeText<&Options::tls_server_name>},
    Flag{"v", true, TakeBool<&Options::verbose>},
    Flag{"h", true, TakeBool<&Options::help>},
    Flag{"help", true, TakeBool<&Options::help>},
};

// Which options ask for one another, or exclude one another.
Complaint Disagreement(const Options& options) {
  if (options.address.empty()) return "-addr not specified";
  const std::array<std::pair<const char*, bool>, 5> needs_tls{{{"-tls-no-verify", options.tls_no_verify},
                                                               {"-tls-ca-cert", !options.tls_ca_cert.empty()},
                                                               {"-tls-client-cert", !options.tls_client_cert.empty()},
                                                               {"-tls-client-key", !options.tls_client_key.empty()},
                                                               {"-tls-server-name", !options.tls_server_name.empty()}}};
  for (const auto& [name, given] : needs_tls) {
    if (given && !options.tls) return std::string("specified ") + name + " without specifying -tls";
  }
  if (options.tls_client_cert.empty() != options.tls_client_key.empty()) {
    return "-tls-client-cert and -tls-client-key go together";
  }
  if (options.tls_no_verify && !options.tls_ca_cert.empty()) {
    return "specified -tls-ca-cert with -tls-no-verify (CA cert would not be used)";
  }
  if (options.tls_no_verify && !options.tls_server_name.empty()) {
    return "specified -tls-server-name with -tls-no-verify (server name would not be used)";
  }
  return std::nullopt;
}

}  // namespace

tl::expected<HealthcheckOptions, std::string> ParseHealthcheckFlags(std::span<const std::string> arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-') return tl::unexpected("unexpected argument " + Quote(argument));
    argument.remove_prefix(argument[1] == '-' ? 2 : 1);
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const auto* const flag =
        std::find_if(kFlags.begin(), kFlags.end(), [&](const Flag& each) { return each.name == name; });
    if (flag == kFlags.end()) return tl::unexpected("flag provided but not defined: " + arguments[i]);
    std::string value = "true";
    if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (!flag->boolean) {
      if (++i == arguments.size()) return tl::unexpected("flag needs an argument: -" + std::string(name));
      value = arguments[i];
    }
    if (const Complaint complaint = flag->take(value, options)) {
      return tl::unexpected("invalid value " + Quote(value) + " for flag -" + std::string(name) + ": " + *complaint);
    }
  }
  if (options.help) return options;
  if (const Complaint complaint = Disagreement(options)) return tl::unexpected(*complaint);
  return options;
}

}  // namespace orc
