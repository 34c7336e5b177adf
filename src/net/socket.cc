#include "net/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace nave::net {

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

int Socket::release() {
  return std::exchange(fd_, -1);
}

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Socket::reset() {
  if (fd_ < 0) return;
  const linger hard{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

namespace {

struct BindAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

[[noreturn]] void throw_for(const std::string& address, uint16_t port, int error) {
  throw std::system_error(error, std::generic_category(),
                          "cannot listen on " + (address.empty() ? std::string("every address") : address) + " port " +
                              std::to_string(port));
}

BindAddress ipv4(in_addr address, uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr = address;
  BindAddress out;
  std::memcpy(&out.storage, &in, sizeof in);
  out.size = sizeof in;
  return out;
}

BindAddress ipv6(const in6_addr& address, uint16_t port) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  in.sin6_addr = address;
  BindAddress out;
  std::memcpy(&out.storage, &in, sizeof in);
  out.size = sizeof in;
  return out;
}

std::optional<BindAddress> parse_address(const std::string& text, uint16_t port) {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return ipv4(v4, port);
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) return ipv6(v6, port);
  return std::nullopt;
}

void set_flag(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

Socket bind_to(const std::string& address, uint16_t port, bool share_port) {
  const bool any = address.empty();
  std::optional<BindAddress> to = any ? ipv6(in6addr_any, port) : parse_address(address, port);
  if (!to) throw_for(address, port, EINVAL);
  Socket socket(::socket(to->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open() && any && errno == EAFNOSUPPORT) {  // a machine without IPv6
    to = ipv4(in_addr{htonl(INADDR_ANY)}, port);
    socket = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (!socket.is_open()) throw_for(address, port, errno);
  set_flag(socket.fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (share_port) set_flag(socket.fd(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (to->storage.ss_family == AF_INET6) set_flag(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, any ? 0 : 1);
  set_flag(socket.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&to->storage), to->size) != 0) {
    throw_for(address, port, errno);
  }
  return socket;
}

}  // namespace

PeerAddress peer_address(const sockaddr_storage& address) {
  PeerAddress out;
  std::array<char, INET6_ADDRSTRLEN> text{};
  in_addr v4{};
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    out.port = ntohs(in.sin6_port);
    if (!IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
      std::memcpy(out.key.data(), &in.sin6_addr, 8);
      out.text = inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
      return out;
    }
    std::memcpy(&v4, reinterpret_cast<const char*>(&in.sin6_addr) + 12, sizeof v4);
  } else {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    out.port = ntohs(in.sin_port);
    v4 = in.sin_addr;
  }
  out.key[10] = out.key[11] = 0xff;
  std::memcpy(out.key.data() + 12, &v4, sizeof v4);
  out.text = inet_ntop(AF_INET, &v4, text.data(), text.size());
  return out;
}

Socket listen_on(const std::string& address, uint16_t port, bool share_port) {
  Socket socket = bind_to(address, port, share_port);
  if (::listen(socket.fd(), 4096) != 0) throw_for(address, port, errno);
  return socket;
}

void require_free_port(const std::string& address, uint16_t port) {
  (void)listen_on(address, port, false);
}

uint16_t local_port(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size);
  return peer_address(address).port;
}

}  // namespace nave::net
