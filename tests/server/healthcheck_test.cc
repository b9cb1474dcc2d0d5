#include "server/healthcheck.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "rpc/health_service.h"
#include "tests/store/temp_folder.h"

namespace orc {
namespace {

using testing::HasSubstr;

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran Probe(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunHealthcheck(arguments, out, err);
  return {code, out.str(), err.str()};
}

class HealthServer {
 public:
  explicit HealthServer(const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials(),
                        grpc::Service* other = nullptr) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(other == nullptr ? &health : other);
    server_ = builder.BuildAndStart();
  }
  ~HealthServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string Address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string Port() const { return ":" + std::to_string(port_); }

  CallMetrics metrics;
  HealthService health{metrics};

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(Healthcheck, Serving) {
  HealthServer server;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"-addr=" + server.Address()},
           {"--addr", server.Address()},
           {"-v", "-addr=" + server.Address(), "-connect-timeout=5s", "--rpc-timeout", "5s"},
           {"-addr", server.Port(), "-service=", "-user-agent", "me", "-rpc-header", "Name: value"}}) {
    const Ran ran = Probe(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "status: SERVING\n");
  }
}

TEST(Healthcheck, NotServing) {
  HealthServer server;
  const Ran ran = Probe({"-addr=" + server.Address(), "-service=readiness"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.err, "service unhealthy (responded with \"NOT_SERVING\")\n");
  EXPECT_EQ(ran.out, "");
}

TEST(Healthcheck, CallFailed) {
  HealthServer server;
  const Ran ran = Probe({"-addr=" + server.Address(), "-service=nonsense"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("unknown service"));
}

// Health that never answers, until its client leaves.
class SilentHealth final : public grpc::health::v1::Health::CallbackService {
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext*, const grpc::health::v1::HealthCheckRequest*,
                                  grpc::health::v1::HealthCheckResponse*) override {
    class Silent : public grpc::ServerUnaryReactor {
      void OnCancel() override { Finish(grpc::Status::CANCELLED); }
      void OnDone() override { delete this; }
    };
    return new Silent;
  }
};

TEST(Healthcheck, CallTimedOut) {
  SilentHealth silent;
  HealthServer server(grpc::InsecureServerCredentials(), &silent);
  const Ran ran = Probe({"-addr=" + server.Address(), "-rpc-timeout=100ms"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.err, "timeout: health rpc did not complete within 100ms\n");
}

// A TCP port on which connections are made by the kernel and nobody speaks; or, closed, on which nobody listens.
class DeadPort {
 public:
  DeadPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~DeadPort() { close(socket_); }

  void Listen() { EXPECT_EQ(listen(socket_, 16), 0); }
  std::string Address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  int port_;
};

TEST(Healthcheck, NothingListening) {
  const DeadPort port;  // bound, so that nobody else takes it, but refusing connections
  const Ran ran = Probe({"-addr=" + port.Address(), "-connect-timeout=200ms"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "timeout: failed to connect service \"" + port.Address() + "\" within 200ms\n");
}

TEST(Healthcheck, AcceptedButNeverAnswered) {
  DeadPort port;
  port.Listen();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Probe({"-addr=" + port.Address(), "-connect-timeout=200ms"}).code, 2);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Healthcheck, BadArguments) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "-addr not specified"},
      {{"-addr"}, "flag needs an argument: -addr"},
      {{"-addr=x:1", "-nonsense"}, "flag provided but not defined: -nonsense"},
      {{"-addr=x:1", "more"}, "unexpected argument \"more\""},
      {{"-addr=x:1", "-"}, "unexpected argument \"-\""},
      {{"-addr=x:1", "-connect-timeout=1"}, "invalid value \"1\" for flag -connect-timeout"},
      {{"-addr=x:1", "-connect-timeout=0s"}, "must be greater than zero"},
      {{"-addr=x:1", "-rpc-timeout=-1s"}, "must be greater than zero"},
      {{"-addr=x:1", "-tls=maybe"}, "a boolean is wanted"},
      {{"-addr=x:1", "-rpc-header=nothing"}, "`name: value` is wanted"},
      {{"-addr=x:1", "-rpc-header=a b: c"}, "is not a legal header"},
      {{"-addr=x:1", "-rpc-header=a: b\nc"}, "is not a legal header"},
      {{"-addr=x:1", "-user-agent=a\nb"}, "printable ASCII is wanted"},
      {{"-addr=x:1", "-tls-no-verify"}, "specified -tls-no-verify without specifying -tls"},
      {{"-addr=x:1", "-tls-ca-cert=f"}, "specified -tls-ca-cert without specifying -tls"},
      {{"-addr=x:1", "-tls-server-name=f"}, "specified -tls-server-name without specifying -tls"},
      {{"-addr=x:1", "-tls", "-tls-client-cert=f"}, "go together"},
      {{"-addr=x:1", "-tls", "-tls-client-key=f"}, "go together"},
      {{"-addr=x:1", "-tls", "-tls-no-verify", "-tls-ca-cert=f"}, "CA cert would not be used"},
      {{"-addr=x:1", "-tls", "-tls-no-verify", "-tls-server-name=f"}, "server name would not be used"},
      {{"-addr=x:1", "-tls", "-tls-ca-cert=/nonexistent"}, "no PEM data in file /nonexistent"},
  };
  for (const auto& [arguments, text] : cases) {
    const Ran ran = Probe(arguments);
    EXPECT_EQ(ran.code, 1) << text;
    EXPECT_THAT(ran.err, HasSubstr(text));
  }
}

TEST(Healthcheck, Help) {
  const Ran ran = Probe({"-h"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("usage: healthcheck -addr"));
}

struct Pair {
  std::string certificate;
  std::string key;
};

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

// A certificate for `orchestrator.test` that signs itself and is valid for an hour.
Pair SelfSigned() {
  EVP_PKEY* const key = EVP_RSA_gen(2048);
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:orchestrator.test");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());
  BIO* const certificate_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_pem, certificate);
  BIO* const key_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_pem, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {Text(certificate_pem), Text(key_pem)};
}

class HealthcheckTls : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(Path("cert.pem")) << pair_.certificate;
    std::ofstream(Path("key.pem")) << pair_.key;
  }

  std::string Path(const char* name) const { return folder_.path() / name; }

  // A server that is its own CA, and the only one it trusts if it asks for client certificates.
  std::shared_ptr<grpc::ServerCredentials> Credentials(bool mutual) const {
    grpc::SslServerCredentialsOptions options(mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                     : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = pair_.certificate;
    options.pem_key_cert_pairs = {{pair_.key, pair_.certificate}};
    return grpc::SslServerCredentials(options);
  }

  const Pair pair_ = SelfSigned();
  const TempFolder folder_;
};

TEST_F(HealthcheckTls, ChecksTheCertificateUnlessToldNotTo) {
  HealthServer server(Credentials(false));
  const std::string address = "-addr=" + server.Address();
  const std::string ca = "-tls-ca-cert=" + Path("cert.pem");
  EXPECT_EQ(Probe({address, "-tls", ca, "-tls-server-name=orchestrator.test"}).code, 0);
  EXPECT_EQ(Probe({address, "-tls", "-tls-no-verify"}).code, 0);
  EXPECT_EQ(Probe({address, "-tls", ca, "-tls-server-name=other.test", "-connect-timeout=300ms"}).code, 2);
  EXPECT_EQ(Probe({address, "-tls", "-connect-timeout=300ms"}).code, 2);
  EXPECT_EQ(Probe({address, "-connect-timeout=300ms"}).code, 2);
}

TEST_F(HealthcheckTls, ShowsItsOwnCertificate) {
  HealthServer server(Credentials(true));
  const std::vector<std::string> verified{"-addr=" + server.Address(), "-tls", "-tls-ca-cert=" + Path("cert.pem"),
                                          "-tls-server-name=orchestrator.test"};
  std::vector<std::string> with_pair = verified;
  with_pair.insert(with_pair.end(), {"-tls-client-cert=" + Path("cert.pem"), "-tls-client-key=" + Path("key.pem")});
  EXPECT_EQ(Probe(with_pair).code, 0);
  EXPECT_EQ(Probe({"-addr=" + server.Address(), "-tls", "-tls-no-verify", "-tls-client-cert=" + Path("cert.pem"),
                   "-tls-client-key=" + Path("key.pem")})
                .code,
            0);
  EXPECT_NE(Probe(verified).code, 0);
}

}  // namespace
}  // namespace orc
