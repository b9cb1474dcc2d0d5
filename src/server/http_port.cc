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

#include "base/executor.h"
#include "base/log.h"

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

// What the library's interface has no room for: of the connection that this thread serves next.
struct Accepted {
  Clock::time_point at;   // the time of a request begins here, not when a thread takes it up
  bool too_many = false;  // it is to be closed, because too many wait
};
thread_local Accepted accepted;

class Workers final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> serve) override {
    const bool taken = executor_.Submit([serve, at = Clock::now()] {
      accepted = {at, false};
      serve();
    });
    if (taken) return;
    accepted = {Clock::now(), true};
    serve();
  }
  void shutdown() override { executor_.Stop(); }

 private:
  Executor executor_{HttpPort::kThreads, HttpPort::kMaxWaiting};
};

}  // namespace

class HttpPort::Impl final : public httplib::Server {
 public:
  explicit Impl(HttpPort::Handler handler) : handler_(std::move(handler)) {
    new_task_queue = [] { return new Workers; };
    // The library's own choice would let a second server share the port.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
      return HandlerResponse::Handled;
    });
  }

  ~Impl() override {
    stopping_ = true;
    stop();
    {
      const std::lock_guard lock(mutex_);
      for (const int open : open_) ::shutdown(open, SHUT_RDWR);
    }
    if (listener_.joinable()) listener_.join();
  }

  // The port that was bound, 0 if none was.
  int Listen(const std::string& host, int port) {
    const int bound = port == 0 ? bind_to_any_port(host) : (bind_to_port(host, port) ? port : -1);
    if (bound <= 0) return 0;
    listener_ = std::thread([this] {
      const bool good = listen_after_bind();
      if (!good && !stopping_) Log(LogLevel::kError, "the HTTP port has failed");
      ended_ = true;
    });
    // Until it runs, it cannot be stopped.
    while (!is_running() && !ended_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return bound;
  }

 private:
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

  bool process_and_close_socket(socket_t socket) override {
    bool served = false;
    if (!accepted.too_many && Enter(socket)) {
      BoundedStream stream(socket, accepted.at);
      bool closed = false;
      served = process_request(stream, true, closed, nullptr);
      const std::lock_guard lock(mutex_);
      open_.erase(socket);
    }
    ::shutdown(socket, SHUT_RDWR);
    close(socket);
    return served;
  }

  // False when the port is being closed.
  bool Enter(int socket) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    open_.insert(socket);
    return true;
  }

  const HttpPort::Handler handler_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};  // the listener has
  std::mutex mutex_;
  std::set<int> open_;  // sockets; guarded by mutex_
  std::thread listener_;
};

Result<std::unique_ptr<HttpPort>> HttpPort::Open(const std::string& address, Handler handler) {
  auto impl = std::make_unique<Impl>(std::move(handler));
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const int port = impl->Listen(host, std::stoi(address.substr(colon + 1)));
  if (port == 0) {
    return Fail(ErrorKind::kUnavailable, "cannot listen on " + address + " for HTTP; is the port taken?");
  }
  return std::unique_ptr<HttpPort>(new HttpPort(std::move(impl), address.substr(0, colon + 1) + std::to_string(port)));
}

HttpPort::HttpPort(std::unique_ptr<Impl> impl, std::string address)
    : impl_(std::move(impl)), address_(std::move(address)) {}

HttpPort::~HttpPort() = default;

}  // namespace orc
