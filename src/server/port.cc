#include "server/port.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace orc {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

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

// The port is at the same place in both families.
union Place {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

void Set(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof value);
}

AddressList Resolve(const std::string& host, const std::string& port, int& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  return {list, freeaddrinfo};
}

std::string PortOf(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  std::array<char, NI_MAXSERV> port{};
  getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, nullptr, 0, port.data(), port.size(), NI_NUMERICSERV);
  return port.data();
}

bool WatchForPeers(int epoll, int socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0;
}

}  // namespace

Result<std::unique_ptr<Port>> Port::Bind(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::string port = address.substr(colon + 1);
  std::unique_ptr<Port> bound(new Port);
  // A socket of "::" takes both families; where there is no IPv6, "0.0.0.0" is all there is.
  const bool is_wildcard = host == "0.0.0.0" || host == "::";
  const std::vector<std::string> hosts = is_wildcard ? std::vector<std::string>{"::", "0.0.0.0"} : std::vector{host};
  std::string why;
  for (const std::string& each : hosts) {
    int error = 0;
    const AddressList list = Resolve(each, port, error);
    if (list == nullptr) why = gai_strerror(error);
    for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
      if (const auto listening = bound->Listen(*at); !listening) why = listening.error();
    }
    if (is_wildcard && !bound->sockets_.empty()) break;
  }
  if (bound->sockets_.empty()) return Fail(ErrorKind::kUnavailable, "cannot listen on " + address + ": " + why);
  bound->address_ = address.substr(0, colon + 1) + PortOf(bound->sockets_.front());
  return bound;
}

tl::expected<void, std::string> Port::Listen(const addrinfo& at) {
  Place place{};
  std::memcpy(&place, at.ai_addr, std::min<size_t>(at.ai_addrlen, sizeof place));
  // Any free port: the one that the first address has found.
  if (place.v4.sin_port == 0 && !sockets_.empty()) place.v4.sin_port = htons(std::stoi(PortOf(sockets_.front())));
  const int socket = ::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return tl::unexpected<std::string>(std::strerror(errno));
  Set(socket, SOL_SOCKET, SO_REUSEADDR, 1);  // connections of a server before do not count as a taken port
  if (at.ai_family == AF_INET6) Set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(socket, &place.any, at.ai_addrlen) != 0 || listen(socket, SOMAXCONN) != 0) {
    const std::string why = std::strerror(errno);
    close(socket);
    return tl::unexpected(why);
  }
  sockets_.push_back(socket);
  return {};
}

bool Port::IsOwn(int socket) const {
  return std::find(sockets_.begin(), sockets_.end(), socket) != sockets_.end();
}

Port::~Port() {
  Stop();
  for (const int socket : sockets_) close(socket);
}

void Port::Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor, Connections& connections) {
  acceptor_ = std::move(acceptor);
  connections_ = &connections;
  hand_overs_ = std::make_unique<Executor>(1, kWaitingHandOvers);
  thread_ = std::jthread([this](const std::stop_token& stop) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (const int socket : sockets_) {
      if (!WatchForPeers(epoll, socket)) Log(LogLevel::kError, "the port cannot be watched");
    }
    Serve(stop, epoll);
    connections_->Forget();
    close(epoll);
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

void Port::Serve(const std::stop_token& stop, int epoll) {
  auto next_sweep = Connections::Clock::now() + Connections::kSweepInterval;
  while (!stop.stop_requested()) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll, events.data(), events.size(), Connections::kSweepInterval.count());
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
    for (const int socket : ready) Accept(socket, epoll);
    if (const auto now = Connections::Clock::now(); now >= next_sweep) {
      connections_->Sweep(now);
      next_sweep = now + Connections::kSweepInterval;
    }
  }
}

void Port::Accept(int socket, int epoll) {
  for (int i = 0; i < kAcceptedInARow; ++i) {
    const int connection = accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      Give(socket, connection, epoll);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // Those who wait in the kernel's queue come in when others have left.
      Log(LogLevel::kError, "no connection can be accepted now", {{"error", std::strerror(errno)}});
      std::this_thread::sleep_for(std::chrono::seconds(1));
      return;
    }
  }
}

void Port::Give(int socket, int connection, int epoll) {
  Set(connection, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(connection, SOL_SOCKET, SO_KEEPALIVE, 1);
  Set(connection, IPPROTO_TCP, TCP_KEEPIDLE, kIdleBeforeProbe_s);
  Set(connection, IPPROTO_TCP, TCP_KEEPINTVL, kProbeInterval_s);
  Set(connection, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  Set(connection, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledged_ms);
  const std::optional<int> watched = connections_->Add(connection, epoll, Connections::Clock::now());
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
  if (own >= 0) Set(own, SOL_SOCKET, SO_RCVLOWAT, kHiddenBytes);
  acceptor_->HandleNewConnection(&parameters);
  {
    const std::lock_guard lock(mutex_);
    handing_over_ = -1;
  }
  if (own < 0) return;
  Set(own, SOL_SOCKET, SO_RCVLOWAT, 1);
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
