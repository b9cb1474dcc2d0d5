#include "server/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "base/log.h"

namespace orc {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// The port is at the same place in both families.
union Place {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

AddressList Resolve(const std::string& host, const std::string& port, int& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  return {list, freeaddrinfo};
}

std::string PortOf(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  std::array<char, NI_MAXSERV> port{};
  getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, nullptr, 0, port.data(), port.size(), NI_NUMERICSERV);
  return port.data();
}

tl::unexpected<Error> CannotListen(const std::string& address, const std::string& why) {
  return Fail(ErrorKind::kUnavailable, "cannot listen on " + address + ": " + why);
}

}  // namespace

Result<Listener> Listener::Bind(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::string port = address.substr(colon + 1);
  Listener bound;
  // A socket of "::" takes both families; where there is no IPv6, "0.0.0.0" is all there is.
  const bool is_wildcard = host == "0.0.0.0" || host == "::";
  const std::vector<std::string> hosts = is_wildcard ? std::vector<std::string>{"::", "0.0.0.0"} : std::vector{host};
  std::string why;
  for (const std::string& each : hosts) {
    int error = 0;
    const AddressList list = Resolve(each, port, error);
    if (list == nullptr) why = gai_strerror(error);
    for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
      const int refused = bound.Add(*at);
      if (refused == 0) continue;
      why = std::strerror(refused);
      // An address that this machine has not is nobody's. One that somebody else has would get a part of the calls.
      if (refused != EADDRNOTAVAIL && refused != EAFNOSUPPORT) return CannotListen(address, why);
    }
    if (is_wildcard && !bound.sockets_.empty()) break;
  }
  if (bound.sockets_.empty()) return CannotListen(address, why);
  bound.address_ = address.substr(0, colon + 1) + PortOf(bound.sockets_.front());
  return bound;
}

int Listener::Add(const addrinfo& at) {
  Place place{};
  std::memcpy(&place, at.ai_addr, std::min<size_t>(at.ai_addrlen, sizeof place));
  // Any free port: the one that the first address has found.
  if (place.v4.sin_port == 0 && !sockets_.empty()) place.v4.sin_port = htons(std::stoi(PortOf(sockets_.front())));
  const int socket = ::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  SetSocketOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);  // connections of a server before do not count as a taken port
  if (at.ai_family == AF_INET6) SetSocketOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(socket, &place.any, at.ai_addrlen) != 0 || listen(socket, SOMAXCONN) != 0) {
    const int refused = errno;
    close(socket);
    return refused;
  }
  sockets_.push_back(socket);
  return 0;
}

Listener::~Listener() {
  for (const int socket : sockets_) close(socket);
}

void SetSocketOption(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof value);
}

int Listener::Accept(int socket) {
  const int connection = accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
    Log(LogLevel::kError, "no connection can be accepted now", {{"error", std::strerror(errno)}});
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return connection;
}

}  // namespace orc
