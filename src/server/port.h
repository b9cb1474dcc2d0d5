// Port: where the gRPC server is reached, and the threads that accept its connections, give them to gRPC and keep
// them within bounds (rpc/connections.h). gRPC's own listener has no bound on connections.
//
// A peer that is gone is found by TCP's own means. Not thread-safe.
#pragma once

#include <grpcpp/server_builder.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/executor.h"
#include "domain/error.h"
#include "rpc/connections.h"
#include "server/listener.h"

namespace orc {

class Port {
 public:
  // As Listener::Bind; fails, too, where the system cannot watch its sockets.
  static Result<std::unique_ptr<Port>> Bind(const std::string& address);
  // As Stop.
  ~Port();

  // With the number of the port that was bound.
  const std::string& address() const { return listener_.address(); }

  // Begins to accept. `connections` outlives the port. To be called once, when the gRPC server runs.
  void Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor, Connections& connections);

  // Accepts no more; connections go on, without bounds. To be called before the gRPC server is shut down.
  void Stop();

 private:
  explicit Port(Listener listener);

  bool IsOwn(int socket) const;
  bool Watch() const;
  void Serve(const std::stop_token& stop);
  void Accept(int socket);
  void Give(int socket, int connection);
  void HandOver(int socket, int connection);

  const Listener listener_;
  const int epoll_;  // watches the sockets, and the connections for their ends
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  Connections* connections_ = nullptr;
  std::unique_ptr<Executor> hand_overs_;
  std::mutex mutex_;
  int handing_over_ = -1;  // a duplicate of the connection that gRPC is being given; guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::jthread thread_;
};

// Raises the process's limit of open files as far as it goes, and gives the number of connections that fit in it.
size_t ConnectionsThatFit();

}  // namespace orc
