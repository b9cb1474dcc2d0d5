#include "server/port.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace orc {
namespace {

// Accepted in a row before connections that have ended are looked at.
constexpr int kAcceptedInARow = 64;
// More than a peer can have sent before its connection is accepted: its first window.
constexpr int kHiddenBytes = 256 << 10;
constexpr size_t kWaitingHandOvers = 4'096;
// A peer that is gone is found by probes after two minutes, or by what it does not acknowledge.
constexpr int kIdleBeforeProbe_s = 60;
constexpr int kProbeInterval_s = 20;
constexpr int kProbes = 3;
constexpr unsigned kUnacknowledged_ms = 120'000;
// Files that are not connections: databases, logs, the files of settings.
constexpr rlim_t kOtherFiles = 512;

}  // namespace

Result<std::unique_ptr<Port>> Port::Bind(const std::string& address) {
  ORC_ASSIGN(Listener listener, Listener::Bind(address));
  std::unique_ptr<Port> port(new Port(std::move(listener)));
  if (!port->Watch()) {
    return Fail(ErrorKind::kUnavailable, "cannot watch " + address + ": " + std::strerror(errno));
  }
  return port;
}

Port::Port(Listener listener) : listener_(std::move(listener)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

bool Port::Watch() const {
  const auto watch = [this](int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0;
  };
  return epoll_ >= 0 && std::all_of(listener_.sockets().begin(), listener_.sockets().end(), watch);
}

bool Port::IsOwn(int socket) const {
  const std::vector<int>& own = listener_.sockets();
  return std::find(own.begin(), own.end(), socket) != own.end();
}

Port::~Port() {
  Stop();
  if (epoll_ >= 0) close(epoll_);
}

void Port::Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor, Connections& connections) {
  acceptor_ = std::move(acceptor);
  connections_ = &connections;
  hand_overs_ = std::make_unique<Executor>(1, kWaitingHandOvers);
  thread_ = std::jthread([this](const std::stop_token& stop) {
    Serve(stop);
    connections_->Forget();
  });
}

void Port::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (handing_over_ >= 0) shutdown(handing_over_, SHUT_RDWR);
  }
  hand_overs_->Stop();
  acceptor_.reset();
}

void Port::Serve(const std::stop_token& stop) {
  auto next_sweep = Connections::Clock::now() + Connections::kSweepInterval;
  while (!stop.stop_requested()) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_, events.data(), events.size(), Connections::kSweepInterval.count());
    std::vector<int> ready;
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (IsOwn(fd)) {
        ready.push_back(fd);
      } else {
        connections_->Remove(fd);
      }
    }
    // After what has ended: a descriptor that is accepted now may have the number of one of those.
    for (const int socket : ready) Accept(socket);
    if (const auto now = Connections::Clock::now(); now >= next_sweep) {
      connections_->Sweep(now);
      next_sweep = now + Connections::kSweepInterval;
    }
  }
}

void Port::Accept(int socket) {
  for (int i = 0; i < kAcceptedInARow; ++i) {
    const int connection = Listener::Accept(socket);
    if (connection < 0) return;
    Give(socket, connection);
  }
}

void Port::Give(int socket, int connection) {
  SetSocketOption(connection, IPPROTO_TCP, TCP_NODELAY, 1);
  SetSocketOption(connection, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetSocketOption(connection, IPPROTO_TCP, TCP_KEEPIDLE, kIdleBeforeProbe_s);
  SetSocketOption(connection, IPPROTO_TCP, TCP_KEEPINTVL, kProbeInterval_s);
  SetSocketOption(connection, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  SetSocketOption(connection, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledged_ms);
  const std::optional<int> watched = connections_->Add(connection, epoll_, Connections::Clock::now());
  if (!watched) {
    close(connection);
    return;
  }
  if (hand_overs_->Submit([this, socket, connection] { HandOver(socket, connection); })) return;
  shutdown(connection, SHUT_RDWR);  // the end of it is seen through its duplicate
  close(connection);
}

// gRPC may read on this thread for as long as there is something to read, and then nothing else happens here: so it is
// a thread that only hands over, and the bounds are kept on another one. Besides, what has come in is not shown to gRPC
// before the connection is handed over; then its own threads are told.
void Port::HandOver(int socket, int connection) {
  const int own = fcntl(connection, F_DUPFD_CLOEXEC, 0);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) shutdown(connection, SHUT_RDWR);
    handing_over_ = own;
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = socket;
  parameters.fd = connection;
  if (own >= 0) SetSocketOption(own, SOL_SOCKET, SO_RCVLOWAT, kHiddenBytes);
  acceptor_->HandleNewConnection(&parameters);
  {
    const std::lock_guard lock(mutex_);
    handing_over_ = -1;
  }
  if (own < 0) return;
  SetSocketOption(own, SOL_SOCKET, SO_RCVLOWAT, 1);
  close(own);
}

size_t ConnectionsThatFit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_NOFILE, &files);
  // Two descriptors each: gRPC's and the one that it is watched by.
  return files.rlim_cur > 2 * kOtherFiles ? (files.rlim_cur - kOtherFiles) / 2 : kOtherFiles / 2;
}

}  // namespace orc
