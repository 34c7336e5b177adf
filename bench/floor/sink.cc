#include "bench/floor/sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nave::bench {
namespace {

constexpr size_t kLogBytes = size_t{256} << 20;
constexpr uint64_t kListener = 0;
constexpr uint64_t kDurable = ~uint64_t{0};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void append_puback(std::string& out, uint16_t id) {
  const char packet[4] = {0x40, 2, static_cast<char>(id >> 8), static_cast<char>(id & 0xff)};
  out.append(packet, sizeof packet);
}

// The length of the packet at the front, or 0 while it is not complete.
size_t whole_packet(std::string_view bytes, size_t& body_at) {
  size_t length = 0;
  for (size_t at = 1; at < 5 && at < bytes.size(); ++at) {
    const auto digit = static_cast<uint8_t>(bytes[at]);
    length |= static_cast<size_t>(digit & 0x7f) << (7 * (at - 1));
    if ((digit & 0x80) != 0) continue;
    body_at = at + 1;
    return bytes.size() < body_at + length ? 0 : body_at + length;
  }
  return 0;
}

uint16_t number_at(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 | static_cast<uint8_t>(bytes[at + 1]));
}

void add(int epoll, int fd, uint64_t tag, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

}  // namespace

struct Sink::Peer {
  uint64_t tag = 0;
  int fd = -1;
  SSL* ssl = nullptr;
  bool handshaken = false;
  std::string in;
  std::string out;
};

Sink::Sink(const SinkOptions& options)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), durable_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  listen(options);
  if (!options.certificate.empty()) use_tls(options);
  add(epoll_, listener_, kListener, EPOLLIN);
  add(epoll_, durable_event_, kDurable, EPOLLIN);
  if (options.log.empty()) return;
  log_ = std::make_unique<GroupLog>(options.log, kLogBytes, [this](std::vector<Acknowledgement> durable) {
    {
      const std::lock_guard lock(mutex_);
      durable_.insert(durable_.end(), durable.begin(), durable.end());
    }
    if (eventfd_write(durable_event_, 1) != 0) fail("eventfd");
  });
}

Sink::~Sink() {
  log_.reset();
  while (!peers_.empty()) drop(*peers_.begin()->second);
  SSL_CTX_free(tls_);
  ::close(listener_);
  ::close(epoll_);
  ::close(durable_event_);
}

void Sink::listen(const SinkOptions& options) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.host.c_str(), &address.sin_addr) != 1) fail("address");
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, raw, size) != 0 || ::listen(listener_, 4096) != 0) fail("listen");
  getsockname(listener_, raw, &size);
  port_ = ntohs(address.sin_port);
}

void Sink::use_tls(const SinkOptions& options) {
  tls_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_mode(tls_,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(tls_, 1);
  if (SSL_CTX_use_certificate_chain_file(tls_, options.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls_, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail("certificate");
  }
}

void Sink::run() {
  std::array<epoll_event, 512> ready;
  for (;;) {
    const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
    appended_ = false;
    for (int i = 0; i < count; ++i) {
      const uint64_t tag = ready[static_cast<size_t>(i)].data.u64;
      if (tag == kListener) {
        accept_all();
      } else if (tag == kDurable) {
        acknowledge_durable();
      } else if (const auto found = peers_.find(tag); found != peers_.end()) {
        serve(*found->second);
      }
    }
    if (appended_) log_->commit();
  }
}

void Sink::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto peer = std::make_unique<Peer>();
    peer->tag = next_peer_++;
    peer->fd = fd;
    peer->handshaken = tls_ == nullptr;
    if (tls_ != nullptr) {
      peer->ssl = SSL_new(tls_);
      SSL_set_fd(peer->ssl, fd);
      SSL_set_accept_state(peer->ssl);
    }
    add(epoll_, fd, peer->tag, EPOLLIN | EPOLLOUT | EPOLLET);
    peers_.emplace(peer->tag, std::move(peer));
  }
}

void Sink::serve(Peer& peer) {
  if (!peer.handshaken && !handshaken(peer)) return;
  if (!read_all(peer)) return drop(peer);
  flush(peer);
}

bool Sink::handshaken(Peer& peer) {
  const int done = SSL_accept(peer.ssl);
  if (done == 1) return peer.handshaken = true;
  const int error = SSL_get_error(peer.ssl, done);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) drop(peer);
  return false;
}

bool Sink::read_all(Peer& peer) {
  std::array<char, 65536> buffer;
  for (;;) {
    ssize_t got = 0;
    if (peer.ssl != nullptr) {
      got = SSL_read(peer.ssl, buffer.data(), static_cast<int>(buffer.size()));
      if (got <= 0) return SSL_get_error(peer.ssl, static_cast<int>(got)) == SSL_ERROR_WANT_READ;
    } else {
      got = recv(peer.fd, buffer.data(), buffer.size(), 0);
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
    }
    peer.in.append(buffer.data(), static_cast<size_t>(got));
    if (!take_packets(peer)) return false;
  }
}

bool Sink::take_packets(Peer& peer) {
  size_t at = 0;
  for (;;) {
    const std::string_view rest = std::string_view(peer.in).substr(at);
    size_t body_at = 0;
    const size_t length = whole_packet(rest, body_at);
    if (length == 0) break;
    const std::string_view body = rest.substr(body_at, length - body_at);
    switch (static_cast<uint8_t>(rest[0]) >> 4) {
      case 1:
        peer.out.append("\x20\x02\x00\x00", 4);
        break;
      case 3:
        take_publish(peer, body, static_cast<unsigned>(rest[0]) >> 1 & 3U);
        break;
      case 12:
        peer.out.append("\xd0\x00", 2);
        break;
      default:
        return false;
    }
    at += length;
  }
  peer.in.erase(0, at);
  return true;
}

void Sink::take_publish(Peer& peer, std::string_view body, unsigned qos) {
  const size_t topic = body.size() < 2 ? 0 : number_at(body, 0);
  if (qos != 1 || body.size() < topic + 4) return;
  const uint16_t id = number_at(body, 2 + topic);
  if (log_ == nullptr) return append_puback(peer.out, id);
  log_->append(body, {peer.tag, id});
  appended_ = true;
}

void Sink::acknowledge_durable() {
  eventfd_t count = 0;
  eventfd_read(durable_event_, &count);
  std::vector<Acknowledgement> durable;
  {
    const std::lock_guard lock(mutex_);
    durable.swap(durable_);
  }
  std::vector<Peer*> touched;
  for (const Acknowledgement& a : durable) {
    const auto found = peers_.find(a.connection);
    if (found == peers_.end()) continue;
    Peer& peer = *found->second;
    if (peer.out.empty()) touched.push_back(&peer);
    append_puback(peer.out, a.packet_id);
  }
  for (Peer* peer : touched) flush(*peer);
}

void Sink::flush(Peer& peer) {
  if (peer.out.empty()) return;
  const ssize_t put = peer.ssl != nullptr ? SSL_write(peer.ssl, peer.out.data(), static_cast<int>(peer.out.size()))
                                          : send(peer.fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
  if (put > 0) peer.out.erase(0, static_cast<size_t>(put));
}

void Sink::drop(Peer& peer) {
  SSL_free(peer.ssl);
  ::close(peer.fd);
  peers_.erase(peer.tag);
}

}  // namespace nave::bench
