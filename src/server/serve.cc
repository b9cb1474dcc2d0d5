#include "server/serve.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "rpc/channel_file.h"
#include "rpc/health_service.h"
#include "rpc/reflection_service.h"
#include "rpc/services/compute_plan_service.h"
#include "rpc/services/compute_task_service.h"
#include "rpc/services/data_manager_service.h"
#include "rpc/services/data_sample_service.h"
#include "rpc/services/dataset_service.h"
#include "rpc/services/event_service.h"
#include "rpc/services/failure_report_service.h"
#include "rpc/services/function_service.h"
#include "rpc/services/info_service.h"
#include "rpc/services/model_service.h"
#include "rpc/services/organization_service.h"
#include "rpc/services/performance_service.h"
#include "rpc/services/profiling_service.h"
#include "rpc/unknown_methods.h"
#include "server/http_routes.h"
#include "server/port.h"
#include "server/stores.h"
#include "server/tls_files.h"
#include "server/version.h"
#include "store/sql_log.h"

namespace orc {
namespace {

constexpr size_t kMaxQueuedReads = 10'000;
constexpr size_t kMaxQueuedReplays = 10'000;
// The channel file is read at this interval, and open streams are checked at it: what is taken from an organization is
// out of its reach after three of them.
constexpr std::chrono::milliseconds kFollowInterval{500};
constexpr size_t kWakers = 2;
constexpr size_t kReplayers = 2;
// How long a subscriber may take to receive that its stream ends.
constexpr std::chrono::milliseconds kStreamPatience{1000};
// For the last answers and statuses to leave before the connections are closed.
constexpr std::chrono::milliseconds kLastAnswers{200};
// More than this many pings in a row that come too early cut the connection (deployment.md 2.12).
constexpr int kMaxPingStrikes = 2;

// Those that read a database wait for it half of the time; but more than it has connections for would wait out of turn.
size_t ReaderThreads(const Settings& settings) {
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 2, 16);
  if (!settings.UsesDatabase()) return threads;
  return std::min<size_t>(2 * threads, static_cast<size_t>(ReadingConnections(MakePostgresOptions(settings))));
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int Milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

ConnectionLimits MakeConnectionLimits(const Settings& settings) {
  ConnectionLimits limits;
  limits.max_connections = static_cast<size_t>(settings.max_connections);
  limits.max_per_address = static_cast<size_t>(settings.max_connections_per_address);
  limits.request_time = settings.request_timeout;
  limits.max_unfinished_bytes = settings.max_unfinished_bytes;
  const size_t fit = ConnectionsThatFit();
  if (fit < limits.max_connections) {
    Log(LogLevel::kWarn, "the limit of open files leaves room for fewer connections than the settings",
        {{"connections", std::to_string(fit)}, {"setting", std::to_string(limits.max_connections)}});
    limits.max_connections = fit;
  }
  return limits;
}

OrganizationLimits MakeOrganizationLimits(const Settings& settings) {
  return {settings.max_calls_per_organization, settings.max_subscriptions_per_organization,
          settings.max_bytes_per_organization};
}

HubOptions MakeHubOptions(const Settings& settings, HealthService& health) {
  HubOptions options;
  options.workspace.max_event_bytes = settings.max_message_bytes;  // clients receive as much as they may send
  options.on_ready = [&health](std::string why_not) { health.SetReady(std::move(why_not)); };
  return options;
}

// Tells the connections of each call, whatever its method, before the method sees it.
class CallTeller final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallTeller(Connections& connections) : connections_(connections) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override {
    connections_.TellCall(*call->server_context());
    return nullptr;  // nothing of the call is changed
  }

 private:
  Connections& connections_;
};

// Everything that serves, in the order in which it is built; taken down in reverse.
class ServerParts {
 public:
  ServerParts(const Settings& settings, Store& store, const ChannelDirectory& directory, const TlsFiles& tls)
      : settings_(settings),
        directory_(directory),
        tls_(tls),
        gate_{directory, tls.Organizations()},
        wakers_(kWakers, kMaxChannels),
        replayers_(kReplayers, kMaxQueuedReplays),
        readers_(ReaderThreads(settings), kMaxQueuedReads),
        hub_(store, MakeHubOptions(settings, health_), wakers_),
        connections_(MakeConnectionLimits(settings)),
        shares_(MakeOrganizationLimits(settings)),
        calls_(gate_, hub_, readers_, connections_, shares_, call_metrics_),
        event_(calls_, replayers_, {settings.replay_events_batch_size, kMaxSubscribers}),
        reflection_v1_(gate_, call_metrics_),
        reflection_v1alpha_(gate_, call_metrics_) {}

  MetricSources Sources(const ChannelFile& channel_file) {
    return {call_metrics_, hub_, event_, health_, channel_file, tls_};
  }

  // Opens the channels of the directory that are not open yet. Failure: of the first that cannot be; those behind it
  // are opened all the same, unless the store itself is away.
  Result<void> OpenChannels() {
    Result<void> first;
    for (const auto& [channel, members] : directory_.Current()->members) {
      const Result<void> opened = hub_.Open(channel);
      if (!opened && first) first = opened;
      if (!opened && opened.error().kind == ErrorKind::kUnavailable) break;
    }
    if (first) hub_.SetOpened();
    return first;
  }

  // Ends the streams of callers who would not be let in any more.
  void EndRefusedStreams() { event_.EndRefused(); }

  // Binds the port. Failure: kUnavailable.
  Result<void> Start() {
    ORC_ASSIGN(port_, Port::Bind(settings_.listen_address));
    grpc::ServerBuilder builder;
    auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, tls_.Credentials());
    builder.SetMaxReceiveMessageSize(settings_.max_message_bytes);
    builder.SetMaxSendMessageSize(-1);
    // gRPC 1.51 looks at the size of a message before it inflates it, and inflates without a bound: it is not to do so
    // at all. Clients that compress are told UNIMPLEMENTED.
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, int{kMaxHeaderBytes});
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, settings_.max_streams_per_connection);
    // Else gRPC would let peers send frames of up to 16 MiB once they send fast.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    // A tenth of tolerance: a client that pings exactly at the limit is not early because of a late clock.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                               Milliseconds(settings_.keepalive_min_time * 9 / 10));
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, settings_.keepalive_permit_without_stream);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kMaxPingStrikes);
    for (grpc::Service* service : Services()) builder.RegisterService(service);
    builder.RegisterCallbackGenericService(&unknown_methods_);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> tellers;
    tellers.push_back(std::make_unique<CallTeller>(connections_));
    builder.experimental().SetInterceptorCreators(std::move(tellers));
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return Fail(ErrorKind::kUnavailable, "gRPC cannot serve " + settings_.listen_address);
    port_->Start(std::move(acceptor), connections_);
    return {};
  }

  // The address with the port that was bound.
  const std::string& address() const { return port_->address(); }

  void Stop() {
    health_.Shutdown();
    reflection_v1_.Shutdown();
    reflection_v1alpha_.Shutdown();
    calls_.Close();
    hub_.CloseFeeds();
    event_.WaitForEnd(kStreamPatience);
    calls_.WaitForEnd(settings_.shutdown_grace);
    port_->Stop();
    // What is left are connections without calls and subscribers that take nothing: gRPC would wait for both.
    server_->Shutdown(std::chrono::system_clock::now() + kLastAnswers);
    server_->Wait();
    readers_.Stop();  // a look-up that another one's job has answered still has its own
    hub_.StopWriters();
  }

 private:
  static constexpr size_t kMaxSubscribers = 4096;

  std::vector<grpc::Service*> Services() {
    return {&health_,       &reflection_v1_,  &reflection_v1alpha_, &compute_plan_,
            &compute_task_, &data_manager_,   &data_sample_,        &dataset_,
            &event_,        &failure_report_, &function_,           &info_,
            &model_,        &organization_,   &performance_,        &profiling_};
  }

  const Settings& settings_;
  const ChannelDirectory& directory_;
  const TlsFiles& tls_;
  const Gate gate_;
  CallMetrics call_metrics_;
  HealthService health_{call_metrics_};
  Executor wakers_;
  Executor replayers_;
  Executor readers_;
  Hub hub_;
  Connections connections_;
  OrganizationShares shares_;
  Calls calls_;
  ComputePlanRpc compute_plan_{calls_};
  ComputeTaskRpc compute_task_{calls_};
  DataManagerRpc data_manager_{calls_};
  DataSampleRpc data_sample_{calls_};
  DatasetRpc dataset_{calls_};
  EventRpc event_;
  FailureReportRpc failure_report_{calls_};
  FunctionRpc function_{calls_};
  InfoRpc info_{calls_, std::string(Version())};
  ModelRpc model_{calls_};
  OrganizationRpc organization_{calls_};
  PerformanceRpc performance_{calls_};
  ProfilingRpc profiling_{calls_};
  ReflectionV1 reflection_v1_;
  ReflectionV1Alpha reflection_v1alpha_;
  UnknownMethods unknown_methods_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Port> port_;  // gives connections to the server
};

ExitCode CannotStart(const std::string& why, ExitCode code) {
  Log(LogLevel::kFatal, "the server cannot start", {{"error", why}});
  return code;
}

// nullptr: the settings want no HTTP port.
Result<std::unique_ptr<HttpPort>> OpenHttpPort(const Settings& settings, const MetricSources& sources) {
  if (settings.http_address.empty()) return nullptr;
  ORC_ASSIGN(
      std::unique_ptr<HttpPort> port,
      HttpPort::Open(settings.http_address, MakeRoutes(sources, {settings.metrics_enabled, settings.profiling})));
  Log(LogLevel::kInfo, "HTTP server listening",
      {{"address", port->address()},
       {"metrics", settings.metrics_enabled ? "on" : "off"},
       {"profiles", settings.profiling ? "on" : "off"}});
  return port;
}

// Waits for a signal to stop; meanwhile opens the channels that the channel file has gained, and those that could not
// be opened before (`last_error`), and ends the streams of those who have lost their place.
void WaitForSignal(ServerParts& parts, std::string last_error) {
  const sigset_t signals = StopSignals();
  for (;;) {
    const timespec tick{0, std::chrono::nanoseconds(kFollowInterval).count()};
    const int signal = sigtimedwait(&signals, nullptr, &tick);
    if (signal > 0) {
      Log(LogLevel::kInfo, "Received interruption signal", {{"signal", strsignal(signal)}});
      return;
    }
    parts.EndRefusedStreams();
    const Result<void> opened = parts.OpenChannels();
    const std::string error = opened ? "" : opened.error().text;
    if (error.empty() && !last_error.empty()) Log(LogLevel::kInfo, "all channels are open");
    if (!error.empty() && error != last_error) Log(LogLevel::kError, "a channel cannot be opened", {{"error", error}});
    last_error = error;
  }
}

void KeepGrpcFromTheLog() {
  // gRPC writes a line for each header that it cannot parse: any peer could fill the disk.
  gpr_set_log_function([](gpr_log_func_args* line) { Log(LogLevel::kDebug, "gRPC", {{"text", line->message}}); });
}

}  // namespace

void PrepareSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is an error of one write, not the end of the process
}

ExitCode Serve(const Settings& settings) {
  KeepGrpcFromTheLog();
  LogStatements(settings.log_sql_verbose);
  const Result<std::unique_ptr<ChannelFile>> channels = ChannelFile::Open(settings.channel_config, kFollowInterval);
  if (!channels) return CannotStart(channels.error().text, ExitCode::kSetUp);
  const Result<std::unique_ptr<TlsFiles>> tls = TlsFiles::Open(settings, kFollowInterval);
  if (!tls) return CannotStart(tls.error().text, ExitCode::kSetUp);
  const Result<std::unique_ptr<Store>> store = OpenStore(settings);
  if (!store) return CannotStart(store.error().text, CodeOf(store.error()));

  ServerParts parts(settings, **store, (*channels)->Directory(), **tls);
  // From here on probes are answered; a slow start looks like one.
  const Result<std::unique_ptr<HttpPort>> http = OpenHttpPort(settings, parts.Sources(**channels));
  if (!http) return CannotStart(http.error().text, ExitCode::kPort);
  std::string not_opened;
  if (const Result<void> opened = parts.OpenChannels(); !opened) {
    // A database may come later than its clients; a folder is there or never.
    if (!settings.UsesDatabase()) return CannotStart(opened.error().text, ExitCode::kStore);
    not_opened = opened.error().text;
    Log(LogLevel::kWarn, "the database cannot be used yet", {{"error", not_opened}});
  }
  if (const Result<void> started = parts.Start(); !started) return CannotStart(started.error().text, ExitCode::kPort);
  const auto current = (*channels)->Directory().Current();
  Log(LogLevel::kInfo, "gRPC server listening",
      {{"address", parts.address()},
       {"channels", std::to_string(current->members.size())},
       {"organizations", std::to_string(current->organizations.size())},
       {"store", settings.UsesDatabase() ? "PostgreSQL" : settings.data_dir},
       {"tls", settings.mtls_enabled  ? "mutual"
               : settings.tls_enabled ? "server"
                                      : "off"},
       {"verifyClientMSPID", settings.verify_client_msp_id ? "on" : "off"},
       {"version", std::string(Version())}});

  WaitForSignal(parts, not_opened);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  Log(LogLevel::kWarn, "Server shutting down");
  parts.Stop();
  Log(LogLevel::kInfo, "stopped");
  return ExitCode::kDone;
}

ExitCode Migrate(const Settings& settings) {
  if (!settings.UsesDatabase()) {
    Log(LogLevel::kInfo, "nothing to migrate: the embedded store keeps its schema up to date by itself");
    return ExitCode::kDone;
  }
  const Result<int32_t> steps = MigratePostgres(MakePostgresOptions(settings));
  if (!steps) {
    Log(LogLevel::kFatal, "the database was not migrated", {{"error", steps.error().text}});
    return CodeOf(steps.error());
  }
  Log(LogLevel::kInfo, *steps == 0 ? "nothing to migrate" : "migrated", {{"steps", std::to_string(*steps)}});
  return ExitCode::kDone;
}

}  // namespace orc
