#include "server/check.h"

#include <sys/timex.h>

#include <chrono>
#include <map>

#include "domain/text.h"
#include "rpc/channel_directory.h"
#include "rpc/client_authorities.h"
#include "server/check_report.h"
#include "server/check_store.h"
#include "server/listener.h"
#include "server/tls_files.h"
#include "server/tls_material.h"

namespace orc {
namespace {

constexpr std::chrono::hours kExpiresSoon{30 * 24};
// No machine that runs this program has a clock that is right and before it: 2026-01-01.
constexpr std::chrono::seconds kEarliestNow{1'767'225'600};

// What serving would log as a warning is a warning here.
void SendWarningsTo(CheckReport& report) {
  InstallLogSink(LogLevel::kWarn, [&report](LogLevel, std::string_view message, std::span<const LogField> fields) {
    std::string text(message);
    for (const auto& [name, value] : fields) text.append(", ").append(name).append(" ").append(value);
    report.Warn(text);
  });
}

void CheckSettings(const Settings& settings, CheckReport& report) {
  report.Begin("settings");
  for (const std::string& warning : settings.warnings) report.Warn(warning);
  report.Fine("gRPC on " + settings.listen_address + ", " +
              (!settings.tls_enabled   ? "without TLS"
               : settings.mtls_enabled ? "with mutual TLS"
                                       : "with TLS") +
              ", " + (settings.UsesDatabase() ? "PostgreSQL" : "embedded store"));
  if (!settings.verify_client_msp_id) {
    report.Warn(
        "nobody checks who a caller is: whoever reaches the port can act for any organization "
        "(ORCHESTRATOR_VERIFY_CLIENT_MSP_ID)");
  }
}

// Empty when there is none that can be used.
Channels CheckChannelFile(const Settings& settings, CheckReport& report) {
  report.Begin("channel file");
  const Result<std::string> text = ReadChannelFile(settings.channel_config);
  Result<Channels> channels = text ? ParseChannelFile(settings.channel_config, *text) : tl::unexpected(text.error());
  if (!channels) {
    report.Wrong(channels.error().text, ExitCode::kSetUp);
    return {};
  }
  if (channels->members.empty()) report.Warn("there is no channel in it: every call will be refused");
  for (const auto& [channel, members] : channels->members) {
    if (members.empty()) report.Warn("channel " + Quote(channel) + " has no organization");
  }
  report.Fine(std::to_string(channels->members.size()) + " channels, " +
              std::to_string(channels->organizations.size()) + " organizations");
  return *std::move(channels);
}

void WarnOfExpiry(const std::vector<Certificate>& certificates, const std::string& what, CheckReport& report) {
  const TimePoint now = std::chrono::system_clock::now();
  for (const Certificate& each : certificates) {
    const TimePoint end = NotAfter(*each);
    if (now <= end && end < now + kExpiresSoon) {
      report.Warn(what + " expires at " + FormatTime(end) + ": " + SubjectLine(*each));
    }
  }
}

void CheckAuthorities(const Settings& settings, const Channels& channels, CheckReport& report) {
  report.Begin("client CAs");
  const std::string& path = settings.tls_client_ca_cert_dir;
  const Result<CaFolder> folder = ReadCaFolder(path);
  if (!folder) return report.Warn(folder.error().text + "; only the server's own CA vouches for clients");
  const Result<ClientAuthorities> authorities = ParseCaFolder(path, *folder);
  if (!authorities) return;  // told with the certificates
  for (const auto& [organization, authority] : *authorities) {
    WarnOfExpiry(authority.certificates, "a CA of " + Quote(organization), report);
  }
  report.Fine(std::to_string(authorities->size()) + " organizations have CAs in " + Quote(path));
  if (!settings.verify_client_msp_id) return;
  for (const std::string& organization : channels.organizations) {
    if (!authorities->contains(organization)) {
      report.Warn("organization " + Quote(organization) + " has no CA in " + Quote(path) + ": nobody can act for it");
    }
  }
}

void CheckCertificates(const Settings& settings, const Channels& channels, CheckReport& report) {
  if (!settings.tls_enabled) return;
  report.Begin("certificates");
  // Whatever stops serving stops here, with the same text.
  const Result<std::unique_ptr<TlsFiles>> files = TlsFiles::Open(settings, std::chrono::hours(1));
  if (!files) return report.Wrong(files.error().text, ExitCode::kSetUp);
  const Result<ServerPair> pair = ReadServerPair(settings.tls_cert_path, settings.tls_key_path);
  if (!pair) return report.Wrong(pair.error().text, ExitCode::kSetUp);
  const Result<PemContent> chain = ParsePem(pair->chain, kMaxPemBlocks);
  if (!chain) return report.Wrong(chain.error().text, ExitCode::kSetUp);
  WarnOfExpiry(chain->certificates, "the server's certificate", report);
  report.Fine("the server's is good until " + FormatTime(NotAfter(*chain->certificates.front())) + ": " +
              SubjectLine(*chain->certificates.front()));
  if (settings.mtls_enabled) CheckAuthorities(settings, channels, report);
}

void CheckClock(CheckReport& report) {
  report.Begin("clock");
  const auto now = std::chrono::system_clock::now();
  const std::string text = FormatTime(now);
  if (now.time_since_epoch() < kEarliestNow) {
    return report.Wrong(text + " cannot be true: set it, and let it follow a time server", ExitCode::kSetUp);
  }
  timex state{};
  if (adjtimex(&state) == TIME_ERROR) {
    return report.Warn(text + "; the system does not say that it follows a time server");
  }
  report.Fine(text);
}

// Binds as serving does, for a moment.
void CheckPort(std::string_view subject, const std::string& address, CheckReport& report) {
  report.Begin(subject);
  if (address.empty()) return report.Fine("turned off");
  const Result<Listener> bound = Listener::Bind(address);
  if (!bound) return report.Wrong(bound.error().text, ExitCode::kPort);
  report.Fine(address + " is free");
}

}  // namespace

ExitCode Check(const Settings& settings, std::ostream& out) {
  CheckReport report(out);
  SendWarningsTo(report);
  CheckSettings(settings, report);
  const Channels channels = CheckChannelFile(settings, report);
  CheckCertificates(settings, channels, report);
  CheckClock(report);
  CheckStore(settings, report);
  CheckPort("gRPC port", settings.listen_address, report);
  CheckPort("HTTP port", settings.http_address, report);
  return report.End();
}

ExitCode ReportSettings(const std::vector<std::string>& errors, std::ostream& out) {
  CheckReport report(out);
  report.Begin("settings");
  for (const std::string& error : errors) report.Wrong(error, ExitCode::kSetUp);
  return report.End();
}

}  // namespace orc
