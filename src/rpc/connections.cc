#include "rpc/connections.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/server_context.h>
#include <linux/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"

namespace orc {
namespace {

// One byte of overhead for so many of messages, and of window updates for so many sent.
constexpr int64_t kOverheadShare = 16;
constexpr int64_t kOverheadBytes = 512;      // of a call of anybody
constexpr int64_t kMetadataBytes = 4 << 10;  // of a caller who is known
// Pings and the like, in one interval between sweeps.
constexpr int64_t kBytesPerSweep = 16;
// So much may stay unfinished for long: what is left of calls that were refused or given up half-way.
constexpr int64_t kIdleBytes = 1 << 20;
constexpr std::chrono::seconds kReportInterval{10};

constexpr const char* kTooMany = "too many connections";
constexpr const char* kTooManyOfAddress = "too many connections of one address";
constexpr const char* kNoRequest = "no complete request in time";
constexpr const char* kUnfinished = "too many bytes that are part of no complete request";

}  // namespace

std::optional<PeerName> NamePeer(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    const std::string host = std::string("ipv4:") + text;
    return PeerName{host + ":" + std::to_string(ntohs(v4.sin_port)), host};
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  const std::string port = ":" + std::to_string(ntohs(v6.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    const std::string host = std::string("ipv4:") + text;
    return PeerName{host + port, host};
  }
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  const std::string scope = v6.sin6_scope_id == 0 ? "" : "%25" + std::to_string(v6.sin6_scope_id);
  const std::string host = std::string("ipv6:%5B") + text + scope + "%5D";
  return PeerName{host + port, host};
}

Connections::~Connections() {
  Forget();
}

void Connections::Forget() {
  while (!open_.empty()) Remove(open_.begin()->first);
}

std::optional<int> Connections::Add(int socket, int epoll, Clock::time_point now) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  const std::optional<PeerName> peer = NamePeer(address);
  if (!peer) return std::nullopt;
  if (!MakeRoom(peer->address, now)) {
    Note(open_.size() >= limits_.max_connections ? kTooMany : kTooManyOfAddress, peer->full, now);
    return std::nullopt;
  }
  const int watched = fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (watched < 0) return std::nullopt;
  epoll_event event{};  // an end is reported always
  event.data.fd = watched;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, watched, &event) != 0) {
    close(watched);
    return std::nullopt;
  }
  Connection connection;
  connection.epoll = epoll;
  connection.peer = peer->full;
  connection.address = peer->address;
  connection.waiting_since = now;
  ++per_address_[connection.address];
  {
    // A port that is in use again belongs to the newer connection.
    const std::lock_guard lock(mutex_);
    by_peer_[connection.peer] = connection.told;
  }
  open_.emplace(watched, std::move(connection));
  return watched;
}

bool Connections::MakeRoom(const std::string& address, Clock::time_point now) {
  const auto of_address = per_address_.find(address);
  const bool address_full = of_address != per_address_.end() && of_address->second >= limits_.max_per_address;
  if (!address_full && open_.size() < limits_.max_connections) return true;
  auto oldest = open_.end();
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    if (it->second.has_called || it->second.told->calls > 0) continue;
    if (address_full && it->second.address != address) continue;
    if (oldest == open_.end() || it->second.waiting_since < oldest->second.waiting_since) oldest = it;
  }
  if (oldest == open_.end()) return false;
  Cut(oldest, address_full ? kTooManyOfAddress : kTooMany, now);
  return true;
}

void Connections::Remove(int watched) {
  const auto found = open_.find(watched);
  if (found == open_.end()) return;
  const Connection& connection = found->second;
  const auto of_address = per_address_.find(connection.address);
  if (--of_address->second == 0) per_address_.erase(of_address);
  {
    const std::lock_guard lock(mutex_);
    const auto named = by_peer_.find(connection.peer);
    if (named != by_peer_.end() && named->second == connection.told) by_peer_.erase(named);
  }
  // Closing is not enough while gRPC has the connection open: its end would be reported by a number that is another's.
  epoll_ctl(connection.epoll, EPOLL_CTL_DEL, watched, nullptr);
  open_.erase(found);
  close(watched);
}

void Connections::Cut(Open::iterator connection, const char* reason, Clock::time_point now) {
  Note(reason, connection->second.peer, now);
  const int watched = connection->first;
  // Ends it at once, and drops what has not been read. After shutdown(2) a peer could go on sending, and gRPC reading.
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  if (connect(watched, &nowhere, sizeof nowhere) != 0) shutdown(watched, SHUT_RDWR);
  Remove(watched);
}

void Connections::Measure(int watched, Connection& connection, Clock::time_point now) {
  // The calls first: what they tell is received already.
  const int64_t calls = connection.told->calls.exchange(0);
  const int64_t told_bytes = connection.told->granted_bytes.exchange(0);
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(watched, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  const auto received = static_cast<int64_t>(info.tcpi_bytes_received);
  const auto sent = static_cast<int64_t>(info.tcpi_bytes_acked);
  const int64_t granted = told_bytes + (sent - connection.sent_bytes) / kOverheadShare + kBytesPerSweep;
  const int64_t unfinished = connection.unfinished_bytes + received - connection.received_bytes - granted;
  connection.unfinished_bytes = std::max<int64_t>(unfinished, 0);
  connection.received_bytes = received;
  connection.sent_bytes = sent;
  if (calls > 0) connection.has_called = true;
  const bool waits = !connection.has_called || connection.unfinished_bytes > kIdleBytes;
  if (!waits) {
    connection.waiting_since.reset();
  } else if (calls > 0 || !connection.waiting_since) {
    connection.waiting_since = now;
  }
}

void Connections::Sweep(Clock::time_point now) {
  int64_t unfinished_bytes = 0;
  for (auto it = open_.begin(); it != open_.end();) {
    const auto here = it++;
    Connection& connection = here->second;
    Measure(here->first, connection, now);
    if (connection.unfinished_bytes > limits_.max_unfinished_bytes / 4) {
      Cut(here, kUnfinished, now);
    } else if (connection.waiting_since && now - *connection.waiting_since > limits_.request_time) {
      Cut(here, kNoRequest, now);
    } else {
      unfinished_bytes += connection.unfinished_bytes;
    }
  }
  const auto less = [](const auto& a, const auto& b) { return a.second.unfinished_bytes < b.second.unfinished_bytes; };
  while (unfinished_bytes > limits_.max_unfinished_bytes) {
    const auto most = std::max_element(open_.begin(), open_.end(), less);
    unfinished_bytes -= most->second.unfinished_bytes;
    Cut(most, kUnfinished, now);
  }
  LogReports(now);
}

void Connections::Note(const char* reason, const std::string& peer, Clock::time_point now) {
  Report& report = reports_[reason];
  ++report.count;
  report.last_peer = peer;
  LogReports(now);
}

// An attack is one record every now and then, not one per connection.
void Connections::LogReports(Clock::time_point now) {
  for (auto& [reason, report] : reports_) {
    if (report.count == 0 || (report.logged && now - *report.logged < kReportInterval)) continue;
    Log(LogLevel::kWarn, "connections refused or cut",
        {{"reason", reason}, {"count", std::to_string(report.count)}, {"lastPeer", report.last_peer}});
    report.count = 0;
    report.logged = now;
  }
}

std::shared_ptr<Connections::Told> Connections::Find(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? nullptr : found->second;
}

void Connections::TellCall(const grpc::ServerContextBase& context) {
  if (const auto told = Find(context.peer())) ++told->calls;
}

void Connections::TellRequest(const grpc::ServerContextBase& context, size_t bytes) {
  const auto told = Find(context.peer());
  if (told == nullptr) return;
  // Besides its message a call has headers, frames and records of TLS.
  const auto request_bytes = static_cast<int64_t>(bytes);
  told->granted_bytes += request_bytes + request_bytes / kOverheadShare + kOverheadBytes;
}

void Connections::TellIdentified(const grpc::ServerContextBase& context) {
  if (const auto told = Find(context.peer())) told->granted_bytes += kMetadataBytes;
}

void Connections::TellAbandoned(const grpc::ServerContextBase& context) {
  if (const auto told = Find(context.peer())) told->granted_bytes -= kBytesPerCall;
}

}  // namespace orc
