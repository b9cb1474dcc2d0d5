#include "server/http_port.h"

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "server/listener.h"

namespace orc {
namespace {

using Clock = std::chrono::steady_clock;

// A connection with a bound on the time and size of its request and the time of its answer. The library has bounds for
// each byte only, which a client that sends a byte now and then would never reach.
class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(int socket, Clock::time_point accepted)
      : socket_(socket), read_until_(accepted + std::chrono::milliseconds(HttpPort::kMaxRequestMs)) {}

  bool is_readable() const override { return at_ < end_ || Wait(POLLIN, read_until_); }
  bool is_writable() const override { return true; }

  ssize_t read(char* to, size_t size) override {
    if (at_ == end_) {
      if (left_bytes_ == 0 || !Wait(POLLIN, read_until_)) return -1;
      const ssize_t got = recv(socket_, buffer_.data(), std::min(buffer_.size(), left_bytes_), 0);
      if (got <= 0) return got;
      left_bytes_ -= static_cast<size_t>(got);
      at_ = 0;
      end_ = static_cast<size_t>(got);
    }
    const size_t count = std::min(size, end_ - at_);
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), count, to);
    at_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* from, size_t size) override {
    if (write_until_ == Clock::time_point()) {
      write_until_ = Clock::now() + std::chrono::milliseconds(HttpPort::kMaxAnswerMs);
    }
    for (size_t done = 0; done < size;) {
      if (!Wait(POLLOUT, write_until_)) return -1;
      const ssize_t sent = send(socket_, from + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return -1;
      done += static_cast<size_t>(std::max<ssize_t>(sent, 0));
    }
    return static_cast<ssize_t>(size);
  }

  // The library asks for these only where nobody looks.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  // What is at hand is taken even when the time is over: a request that is whole may have waited for its thread.
  bool Wait(short what, Clock::time_point until) const {  // NOLINT(google-runtime-int)
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      pollfd descriptor{socket_, what, 0};
      const int ready = poll(&descriptor, 1, static_cast<int>(std::max<int64_t>(left, 0)));
      if (ready > 0) return true;
      if (ready == 0 || errno != EINTR) return false;
    }
  }

  const int socket_;
  const Clock::time_point read_until_;
  Clock::time_point write_until_;
  size_t left_bytes_ = HttpPort::kMaxRequestBytes;
  std::array<char, 4096> buffer_{};
  size_t at_ = 0;
  size_t end_ = 0;
};

}  // namespace

// The library answers what a connection asks. Its own listener would end for good when the system has no descriptor
// left.
class HttpPort::Impl final : private httplib::Server {
 public:
  Impl(Listener listener, HttpPort::Handler handler) : listener_(std::move(listener)), handler_(std::move(handler)) {
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
      return HandlerResponse::Handled;
    });
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~Impl() override {
    stopping_ = true;
    for (const int socket : listener_.sockets()) ::shutdown(socket, SHUT_RDWR);  // wakes the thread that waits for them
    {
      const std::lock_guard lock(mutex_);
      for (const int open : open_) ::shutdown(open, SHUT_RDWR);
    }
    acceptor_.join();
    workers_.Stop();
  }

  const std::string& address() const { return listener_.address(); }

 private:
  void Accept() {
    std::vector<pollfd> sockets;
    for (const int socket : listener_.sockets()) sockets.push_back({socket, POLLIN, 0});
    while (!stopping_) {
      poll(sockets.data(), sockets.size(), -1);
      for (const pollfd& each : sockets) {
        if (stopping_ || each.revents == 0) continue;
        if (const int connection = Listener::Accept(each.fd); connection >= 0) Take(connection);
      }
    }
  }

  // The time of a request begins here, not when a thread takes it up.
  void Take(int connection) {
    if (workers_.Submit([this, connection, at = Clock::now()] { Serve(connection, at); })) return;
    ::shutdown(connection, SHUT_RDWR);
    close(connection);
  }

  void Answer(const httplib::Request& request, httplib::Response& response) const {
    // The library would copy the answer once for each range that is asked for, of which a request has room for
    // thousands. The object is its own, and not const.
    const_cast<httplib::Request&>(request).ranges.clear();
    HttpAnswer answer{405, "only GET and HEAD are answered here\n"};
    if (request.method == "GET" || request.method == "HEAD") {
      answer = handler_({request.path, {request.params.begin(), request.params.end()}, stopping_});
    }
    response.status = answer.status;
    response.set_content(answer.body, answer.type);
  }

  void Serve(int connection, Clock::time_point accepted) {
    if (Enter(connection)) {
      BoundedStream stream(connection, accepted);
      bool closed = false;
      process_request(stream, true, closed, nullptr);
      const std::lock_guard lock(mutex_);
      open_.erase(connection);
    }
    ::shutdown(connection, SHUT_RDWR);
    close(connection);
  }

  // False when the port is being closed.
  bool Enter(int connection) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    open_.insert(connection);
    return true;
  }

  const Listener listener_;
  const HttpPort::Handler handler_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::set<int> open_;  // connections; guarded by mutex_
  Executor workers_{HttpPort::kThreads, HttpPort::kMaxWaiting};
  std::thread acceptor_;
};

Result<std::unique_ptr<HttpPort>> HttpPort::Open(const std::string& address, Handler handler) {
  ORC_ASSIGN(Listener listener, Listener::Bind(address));
  return std::unique_ptr<HttpPort>(new HttpPort(std::make_unique<Impl>(std::move(listener), std::move(handler))));
}

HttpPort::HttpPort(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpPort::~HttpPort() = default;

const std::string& HttpPort::address() const {
  return impl_->address();
}

}  // namespace orc
