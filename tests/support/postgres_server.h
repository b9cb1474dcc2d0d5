// A PostgreSQL server of its own for tests: a cluster in a private folder, on a private socket and a free port, run as
// an ordinary user (PostgreSQL refuses to run as root), with durability on. Removed with all it holds at the end.
//
// Not thread-safe. Throws std::runtime_error when the server's programs are missing or do not work.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace orc {

class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // The server of this test program, started at its first use.
  static PostgresServer& Instance();

  // Ends the server as a crash does; Start brings it back on the same port.
  void Kill();
  void Start();

  // A new, empty database; its name.
  std::string CreateDatabase();
  // How to reach a database over the socket, or over the given TCP port (0: the server's own).
  std::string Target(const std::string& database) const;
  std::string TcpTarget(const std::string& database, int port = 0) const;
  int port() const { return port_; }
  // Runs a statement over a connection of its own; the first column of the first row, if there is one.
  std::string Run(const std::string& database, const std::string& sql) const;

 private:
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t process_ = -1;
  int databases_ = 0;
};

}  // namespace orc
