// Connections: the open connections of the gRPC port, and the bounds that gRPC 1.51 does not have: their number, in all
// and per address; the time that a request may take to come in; and the bytes that peers may send which are part of no
// complete request (half messages, headers without end, streams that are reset, frames of no use).
//
// The program accepts connections itself (server/port.h), gives them to gRPC, and keeps a duplicate of each descriptor
// here. The kernel counts the bytes of a connection; calls that have come in whole tell theirs; the difference is
// what gRPC may be holding. A connection beyond a bound is reset.
//
// Add, Remove, Forget and Sweep are for one thread at a time. Tell... are thread-safe and take no time to speak of.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace grpc {
class ServerContextBase;
}

namespace orc {

struct ConnectionLimits {
  size_t max_connections = 2'048;
  size_t max_per_address = 1'024;
  // To the first call of a connection, and to the next one when more than 1 MiB is unfinished.
  std::chrono::nanoseconds request_time{std::chrono::seconds(60)};
  int64_t max_unfinished_bytes = 512 << 20;  // of all connections; a quarter of it of one
};

class Connections {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Connections(ConnectionLimits limits) : limits_(limits) {}
  ~Connections();

  // Takes note of a connection that was just accepted, and gives the descriptor that `epoll` reports (data.fd) once the
  // connection has ended. At a bound, the oldest connection that has made no call yet gives way; if there is none, or
  // the peer has left already, nothing is noted.
  std::optional<int> Add(int socket, int epoll, Clock::time_point now);

  // Forgets all connections, which go on without bounds. To be called before gRPC is shut down: it may not meet
  // descriptors that are still open when it has closed its own.
  void Forget();

  // The connection has ended; closes `watched`, which may be unknown.
  void Remove(int watched);

  // Cuts what is beyond a bound. To be called every kSweepInterval.
  void Sweep(Clock::time_point now);
  static constexpr std::chrono::milliseconds kSweepInterval{100};

  // A call has begun, of whatever method.
  void TellCall(const grpc::ServerContextBase& context);
  // Its request has come in whole, with so many bytes.
  void TellRequest(const grpc::ServerContextBase& context, size_t bytes);
  // Its caller is known: it may have sent more in its metadata than strangers are granted. What is granted beyond what
  // was sent hides unfinished bytes of the same connection.
  void TellIdentified(const grpc::ServerContextBase& context);
  // Its client has left before that. Such a call costs more than its bytes: it counts as kBytesPerCall.
  void TellAbandoned(const grpc::ServerContextBase& context);
  static constexpr int64_t kBytesPerCall = 16 << 10;

 private:
  // What calls have told since the last sweep.
  struct Told {
    std::atomic<int64_t> calls{0};
    std::atomic<int64_t> granted_bytes{0};
  };

  struct Connection {
    int epoll = -1;
    std::string peer;     // as gRPC names it
    std::string address;  // without the port
    std::shared_ptr<Told> told = std::make_shared<Told>();
    bool has_called = false;
    std::optional<Clock::time_point> waiting_since;  // for a complete request
    int64_t received_bytes = 0;
    int64_t sent_bytes = 0;
    int64_t unfinished_bytes = 0;
  };
  using Open = std::map<int, Connection>;

  // Why a connection ended, as the log says it.
  struct Report {
    int64_t count = 0;
    std::string last_peer;
    std::optional<Clock::time_point> logged;
  };

  bool MakeRoom(const std::string& address, Clock::time_point now);
  void Measure(int watched, Connection& connection, Clock::time_point now);
  void Cut(Open::iterator connection, const char* reason, Clock::time_point now);
  void Note(const char* reason, const std::string& peer, Clock::time_point now);
  void LogReports(Clock::time_point now);
  std::shared_ptr<Told> Find(const std::string& peer);

  const ConnectionLimits limits_;
  // Of the one thread:
  Open open_;  // by watched descriptor
  std::map<std::string, size_t> per_address_;
  std::map<std::string, Report> reports_;

  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Told>> by_peer_;  // guarded by mutex_
};

// The name that gRPC gives to the peer at this address, `ipv4:1.2.3.4:5` or `ipv6:%5B::1%5D:5`, and without the port.
struct PeerName {
  std::string full;
  std::string address;
};
// Nothing for addresses that are neither of IPv4 nor of IPv6.
std::optional<PeerName> NamePeer(const sockaddr_storage& address);

}  // namespace orc
