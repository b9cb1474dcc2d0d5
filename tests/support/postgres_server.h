// A PostgreSQL server of its own for tests: a cluster in a private folder, on a private socket and a free port, run as
// an ordinary user (PostgreSQL refuses to run as root), with durability on. Removed with all it holds at the end.
//
// A standby is such a server that began as a copy of another, its primary, and follows it under the name "standby".
//
// Not thread-safe. Throws std::runtime_error when the server's programs are missing or do not work.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace orc {

class PostgresServer {
 public:
  // `settings`: further ones of the server, each as `name=value`.
  explicit PostgresServer(std::vector<std::string> settings = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // The server of this test program, started at its first use.
  static PostgresServer& Instance();

  // A standby of this server, which must be running, begun from a copy of it.
  std::unique_ptr<PostgresServer> MakeStandby() const;
  // Turns a standby into a primary; returns once it takes writes.
  void Promote();

  // Ends the server as a crash does, or as an operator in haste ("fast"); Start brings it back on the same port.
  void Kill();
  void StopFast();
  void Start();

  // A new, empty database; its name.
  std::string CreateDatabase();
  // How to reach a database over the socket, or over the given TCP port (0: the server's own).
  std::string Target(const std::string& database) const;
  std::string TcpTarget(const std::string& database, int port = 0) const;
  int port() const { return port_; }
  // What the server has logged since its first start, from a byte on; and how many bytes that is.
  std::string Log(uintmax_t from = 0) const;
  uintmax_t LogSize() const;
  // Runs a statement over a connection of its own; the first column of the first row, if there is one.
  std::string Run(const std::string& database, const std::string& sql) const;

 private:
  struct Empty {};
  // With an empty folder and not started.
  PostgresServer(Empty, std::vector<std::string> settings);
  void Stop(int signal);

  const std::vector<std::string> settings_;
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t process_ = -1;
  int databases_ = 0;
};

}  // namespace orc
