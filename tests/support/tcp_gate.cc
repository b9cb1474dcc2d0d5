#include "tests/support/tcp_gate.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace orc {
namespace {

constexpr auto kHoldStep = std::chrono::milliseconds(5);

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void SendAtOnce(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool SendAll(int socket, const char* bytes, int64_t count) {
  while (count > 0) {
    const ssize_t sent = send(socket, bytes, static_cast<size_t>(count), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= sent;
  }
  return true;
}

}  // namespace

TcpGate::TcpGate(int server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("the gate cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TcpGate::~TcpGate() {
  stopping_ = true;
  acceptor_.join();
  close(listener_);
  CloseAll();
  for (Link& link : links_) {
    for (std::thread& pump : link.pumps) pump.join();
    close(link.client);
    close(link.server);
  }
}

void TcpGate::CutAfter(Way way, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  cut_way_ = way;
  cut_after_ = bytes;
}

bool TcpGate::ForgetCut() {
  const std::lock_guard lock(mutex_);
  return std::exchange(cut_after_, -1) >= 0;
}

void TcpGate::CloseAll() {
  const std::lock_guard lock(mutex_);
  for (const Link& link : links_) {
    shutdown(link.client, SHUT_RDWR);
    shutdown(link.server, SHUT_RDWR);
  }
}

void TcpGate::Accept() {
  while (!stopping_) {
    RemoveEnded();
    pollfd descriptor{listener_, POLLIN, 0};
    if (poll(&descriptor, 1, 20) != 1) continue;
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(server_port_);
    if (refuse_ || connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      close(client);
      close(server);
      continue;
    }
    SendAtOnce(client);
    SendAtOnce(server);
    const std::lock_guard lock(mutex_);
    Link& link = links_.emplace_back(client, server);
    link.pumps[0] = std::thread([this, &link] { Pump(link, Way::kToServer); });
    link.pumps[1] = std::thread([this, &link] { Pump(link, Way::kToClient); });
  }
}

void TcpGate::Pump(Link& link, Way way) {
  const int from = way == Way::kToServer ? link.client : link.server;
  const int to = way == Way::kToServer ? link.server : link.client;
  std::array<char, 16 << 10> buffer{};
  for (;;) {
    const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    while (hold_ && !stopping_) std::this_thread::sleep_for(kHoldStep);
    const int64_t allowed = Allow(way, count);
    if (!SendAll(to, buffer.data(), allowed) || allowed < count) break;
  }
  shutdown(link.client, SHUT_RDWR);
  shutdown(link.server, SHUT_RDWR);
  --link.running;
}

int64_t TcpGate::Allow(Way way, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (cut_after_ < 0 || cut_way_ != way) return bytes;
  if (cut_after_ >= bytes) {
    cut_after_ -= bytes;
    return bytes;
  }
  return std::exchange(cut_after_, -1);
}

void TcpGate::RemoveEnded() {
  const std::lock_guard lock(mutex_);
  for (auto link = links_.begin(); link != links_.end();) {
    if (link->running > 0) {
      ++link;
      continue;
    }
    for (std::thread& pump : link->pumps) pump.join();
    close(link->client);
    close(link->server);
    link = links_.erase(link);
  }
}

}  // namespace orc
