// A gate between a client and a server, both on this machine: it forwards what passes, and closes, holds or cuts
// connections when told. For tests of what happens when the network fails at the worst moment.
//
// Thread-safe. Owns its threads and sockets; the destructor closes everything.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>

namespace orc {

class TcpGate {
 public:
  enum class Way { kToServer, kToClient };

  // Forwards to `server_port` of the loopback interface.
  explicit TcpGate(int server_port);
  ~TcpGate();
  TcpGate(const TcpGate&) = delete;
  TcpGate& operator=(const TcpGate&) = delete;

  // Where clients connect to.
  int port() const { return port_; }

  // Lets `bytes` more pass this way, counted over all connections, then closes the connection that carries the next
  // one. Once; other connections, and those that come later, are served.
  void CutAfter(Way way, int64_t bytes);
  // No cut any more. Whether one was still to come.
  bool ForgetCut();
  // Closes all connections.
  void CloseAll();
  // While on, new connections are closed at once.
  void Refuse(bool on) { refuse_ = on; }
  // While on, nothing passes, and nobody is told.
  void Hold(bool on) { hold_ = on; }

 private:
  struct Link {
    Link(int client_socket, int server_socket) : client(client_socket), server(server_socket) {}
    const int client;
    const int server;
    std::atomic<int> running{2};
    std::thread pumps[2];
  };

  void Accept();
  void Pump(Link& link, Way way);
  // How many of `bytes` may pass this way; fewer: the connection is to be cut behind them.
  int64_t Allow(Way way, int64_t bytes);
  void RemoveEnded();

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> refuse_{false};
  std::atomic<bool> hold_{false};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  // Guarded by mutex_:
  std::list<Link> links_;
  Way cut_way_ = Way::kToServer;
  int64_t cut_after_ = -1;  // -1: no cut
  std::thread acceptor_;
};

}  // namespace orc
