// Sockets of the operating system: listening, accepting, addresses.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace nave::net {

// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  int release();
  void close();
  // Closes so that the peer sees a reset; what was not sent is dropped.
  void reset();

 private:
  int fd_ = -1;
};

// What counts as one peer for limits: an IPv4 address, or the /64 of an IPv6 one, since a host owns all of its /64.
using AddressKey = std::array<uint8_t, 16>;

struct PeerAddress {
  std::string text;  // an IPv4 peer of a dual-stack socket is written as IPv4
  uint16_t port = 0;
  AddressKey key{};
};
[[nodiscard]] PeerAddress peer_address(const sockaddr_storage& address);

// Binds and listens; "" is every address of both families. `share_port` sets SO_REUSEPORT, so that several sockets can
// take turns. Accepted sockets inherit TCP_NODELAY. Throws std::system_error naming address and port.
[[nodiscard]] Socket listen_on(const std::string& address, uint16_t port, bool share_port);
// Throws as listen_on() would when somebody else holds the port; SO_REUSEPORT alone would share it silently.
void require_free_port(const std::string& address, uint16_t port);
[[nodiscard]] uint16_t local_port(const Socket& socket);

}  // namespace nave::net
