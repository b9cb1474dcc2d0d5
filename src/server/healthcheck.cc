#include "server/healthcheck.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <memory>
#include <ostream>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/duration.h"

namespace orc {
namespace {

using Options = HealthcheckOptions;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using Credentials = std::shared_ptr<grpc::ChannelCredentials>;

constexpr const char* kUsage =
    "usage: healthcheck -addr host:port [-service name] [-connect-timeout 1s] [-rpc-timeout 1s] [-user-agent name]\n"
    "  [-rpc-header 'name: value']... [-tls [-tls-ca-cert file] [-tls-client-cert file -tls-client-key file]\n"
    "  [-tls-server-name name] [-tls-no-verify]] [-v]\n"
    "exit codes: 0 serving, 1 bad arguments, 2 connection failed, 3 call failed, 4 not serving\n";

auto Deadline(std::chrono::nanoseconds timeout) {
  return std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(timeout);
}

// The PEM text of a file; empty for an empty path.
tl::expected<std::string, std::string> ReadPem(const std::string& path) {
  constexpr size_t kMaxBytes = 1 << 20;
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.find("-----BEGIN ") == std::string::npos) return tl::unexpected("no PEM data in file " + path);
  return text;
}

struct Pems {
  std::string roots;
  std::string certificate;
  std::string key;
};

// Encryption to whoever answers: for servers whose certificate cannot be checked from where the probe runs.
Credentials UnverifiedCredentials(const Pems& pems) {
  using namespace grpc::experimental;
  TlsChannelCredentialsOptions tls;
  tls.set_verify_server_certs(false);
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(std::make_shared<NoOpCertificateVerifier>());
  if (!pems.certificate.empty()) {
    tls.set_certificate_provider(std::make_shared<StaticDataCertificateProvider>(
        std::vector<IdentityKeyCertPair>{{pems.key, pems.certificate}}));
    tls.watch_identity_key_cert_pairs();
  }
  return TlsCredentials(tls);
}

tl::expected<Credentials, std::string> MakeCredentials(const Options& options) {
  if (!options.tls) return grpc::InsecureChannelCredentials();
  Pems pems;
  const std::pair<const std::string&, std::string&> files[] = {{options.tls_ca_cert, pems.roots},
                                                               {options.tls_client_cert, pems.certificate},
                                                               {options.tls_client_key, pems.key}};
  for (const auto& [path, target] : files) {
    auto text = ReadPem(path);
    if (!text) return tl::unexpected(text.error());
    target = *std::move(text);
  }
  if (options.tls_no_verify) return UnverifiedCredentials(pems);
  return grpc::SslCredentials({pems.roots, pems.key, pems.certificate});
}

std::shared_ptr<grpc::Channel> MakeChannel(const Options& options, const Credentials& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix(options.user_agent);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // the health of a proxy is not the question
  if (!options.tls_server_name.empty()) arguments.SetSslTargetNameOverride(options.tls_server_name);
  const std::string target = options.address.starts_with(':') ? "localhost" + options.address : options.address;
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

int ReportFailure(const Options& options, const grpc::Status& status, std::ostream& err) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNIMPLEMENTED:
      err << "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): "
          << status.error_message() << "\n";
      break;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      err << "timeout: health rpc did not complete within " << GoDuration(options.rpc_timeout) << "\n";
      break;
    default: err << "error: health rpc failed: code " << status.error_code() << ": " << status.error_message() << "\n";
  }
  return kRpcFailed;
}

int Probe(const Options& options, const std::shared_ptr<grpc::Channel>& channel, std::ostream& out, std::ostream& err) {
  if (!channel->WaitForConnected(Deadline(options.connect_timeout))) {
    err << "timeout: failed to connect service \"" << options.address << "\" within "
        << GoDuration(options.connect_timeout) << "\n";
    return kConnectionFailed;
  }
  if (options.verbose) err << "connection established\n";
  grpc::ClientContext context;
  context.set_deadline(Deadline(options.rpc_timeout));
  for (const auto& [name, value] : options.headers) context.AddMetadata(name, value);
  HealthCheckRequest request;
  request.set_service(options.service);
  HealthCheckResponse response;
  const auto status = grpc::health::v1::Health::NewStub(channel)->Check(&context, request, &response);
  if (!status.ok()) return ReportFailure(options, status, err);
  const std::string name = HealthCheckResponse::ServingStatus_Name(response.status());
  if (response.status() != HealthCheckResponse::SERVING) {
    err << "service unhealthy (responded with \"" << name << "\")\n";
    return kNotServing;
  }
  out << "status: " << name << std::endl;
  return kServing;
}

}  // namespace

int RunHealthcheck(std::span<const std::string> arguments, std::ostream& out, std::ostream& err) {
  const auto options = ParseHealthcheckFlags(arguments);
  if (!options) {
    err << "error: " << options.error() << "\n" << kUsage;
    return kBadArguments;
  }
  if (options->help) {
    out << kUsage;
    return kServing;
  }
  if (options->verbose) {
    err << "addr=" << options->address << " service=\"" << options->service
        << "\" conn_timeout=" << GoDuration(options->connect_timeout)
        << " rpc_timeout=" << GoDuration(options->rpc_timeout) << " tls=" << options->tls << "\n";
  }
  const auto credentials = MakeCredentials(*options);
  if (!credentials) {
    err << "error: failed to initialize tls credentials: " << credentials.error() << "\n";
    return kBadArguments;
  }
  return Probe(*options, MakeChannel(*options, *credentials), out, err);
}

}  // namespace orc
