// Listener: the sockets that listen at one address, for the gRPC port and for the HTTP port. A wildcard address serves
// IPv4 and IPv6, a name all its addresses. Owns the sockets. Not thread-safe, but for Accept.
#pragma once

#include <string>
#include <vector>

#include "domain/error.h"

struct addrinfo;

namespace orc {

class Listener {
 public:
  // Binds the address, host:port; port 0 is any free one. Of a name all addresses that this machine has, or none.
  // Failure (kUnavailable): the text says which address and why.
  static Result<Listener> Bind(const std::string& address);
  Listener(Listener&&) = default;
  // Closes the sockets.
  ~Listener();

  // With the number of the port that was bound.
  const std::string& address() const { return address_; }
  const std::vector<int>& sockets() const { return sockets_; }

  // The next connection of a socket, which never waits and is not inherited; -1 when there is none now. When the system
  // has no descriptor or memory for it, says so in the log and takes a second: who waits in the kernel's queue comes in
  // when others have left.
  static int Accept(int socket);

 private:
  Listener() = default;

  // Requires that `at` is resolved. 0, or an errno.
  int Add(const addrinfo& at);

  std::vector<int> sockets_;
  std::string address_;
};

// One that the system does not take stays as it was.
void SetSocketOption(int socket, int level, int option, int value);

}  // namespace orc
