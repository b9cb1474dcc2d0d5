// The HTTP port (deployment.md 2.8): plain HTTP for probes, metrics and profiles, to be kept inside a network that one
// trusts. GET and HEAD only; every path is answered by one handler; one request per connection.
//
// Bounded whatever a client does: a request must be there, whole, kMaxRequestMs after its connection was accepted and
// have at most kMaxRequestBytes; an answer must be taken within kMaxAnswerMs; kThreads connections are served at a
// time, kMaxWaiting wait, more are closed. While the system has no room for connections they wait, and are taken up
// when it has. Owns its threads; thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "domain/error.h"

namespace orc {

struct HttpRequest {
  std::string path;
  std::multimap<std::string, std::string> parameters;
  const std::atomic<bool>& stopping;  // for handlers that take long: the port is being closed
};

struct HttpAnswer {
  int status = 200;
  std::string body;
  const char* type = "text/plain; charset=utf-8";
};

class HttpPort {
 public:
  static constexpr int kMaxRequestMs = 2'000;
  static constexpr size_t kMaxRequestBytes = size_t{16} << 10;
  static constexpr int kMaxAnswerMs = 10'000;
  static constexpr size_t kThreads = 4;
  static constexpr size_t kMaxWaiting = 64;

  // Called on the port's threads, several at a time.
  using Handler = std::function<HttpAnswer(const HttpRequest& request)>;

  // Listens on `address`, as Listener::Bind.
  static Result<std::unique_ptr<HttpPort>> Open(const std::string& address, Handler handler);
  // Closes the port and all connections; waits for running handlers.
  ~HttpPort();

  // The address with the port that was bound.
  const std::string& address() const;

 private:
  class Impl;
  explicit HttpPort(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace orc
