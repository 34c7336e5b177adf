#include "bench/load/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "bench/load/packets.h"
#include "bench/load/server_meter.h"

namespace nave::bench {
namespace {

sockaddr_in address_of(const Options& o) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(o.port);
  if (inet_pton(AF_INET, o.host.c_str(), &address.sin_addr) != 1) {
    std::fprintf(stderr, "load: %s is not an IPv4 address\n", o.host.c_str());
    std::exit(2);
  }
  return address;
}

bool would_block(int ssl_error) {
  return ssl_error == SSL_ERROR_WANT_READ || ssl_error == SSL_ERROR_WANT_WRITE;
}

}  // namespace

Connection::Connection(const Options& options, SSL_CTX* tls, int epoll, unsigned number, ConnectionEvents& events)
    : options_(options), tls_(tls), epoll_(epoll), number_(number), events_(events) {
  connect_bytes_ = connect_packet(options, number);
  if (options.websocket) connect_bytes_ = masked_frame(connect_bytes_);
}

void Connection::open() {
  opened_ns_ = now_ns();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return lose("out of descriptors");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = address_of(options_);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = this;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event);
  watching_writable_ = true;
  state_ = State::kConnecting;
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    lose("connect failed");
  }
}

void Connection::close() {
  if (fd_ < 0) return;
  keep_session();
  // OpenSSL never resumes the session of a connection that ended without a shutdown.
  if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ssl_.reset();
  ::close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
  in_.clear();
  out_.clear();
}

void Connection::keep_session() {
  if (options_.resume && ssl_ && SSL_session_reused(ssl_.get()) == 0) session_.reset(SSL_get1_session(ssl_.get()));
}

void Connection::lose(const char* why) {
  close();
  events_.on_lost(*this, why);
}

void Connection::on_ready(uint32_t epoll_events) {
  if (fd_ < 0) return;
  if (state_ == State::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return lose("connection refused");
    if ((epoll_events & EPOLLOUT) == 0) return;
    if (options_.tls) {
      ssl_.reset(SSL_new(tls_));
      SSL_set_fd(ssl_.get(), fd_);
      SSL_set_connect_state(ssl_.get());
      if (session_) SSL_set_session(ssl_.get(), session_.get());
    }
    state_ = State::kHandshaking;
  }
  step();
}

void Connection::step() {
  if (state_ == State::kHandshaking) {
    if (!handshake()) return;
    say_hello();
  }
  read_all();
  if (fd_ >= 0) flush();
}

bool Connection::handshake() {
  if (!ssl_) return true;
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) return true;
  const int error = SSL_get_error(ssl_.get(), done);
  if (would_block(error)) {
    watch(error == SSL_ERROR_WANT_WRITE);
  } else {
    lose("TLS handshake failed");
  }
  return false;
}

void Connection::say_hello() {
  if (options_.websocket) {
    state_ = State::kUpgrading;
    queue(upgrade_request(options_.host));
  } else {
    state_ = State::kWaitingForConnack;
    queue(connect_bytes_);
  }
  flush();
}

ssize_t Connection::read_some(char* buffer, size_t size) {
  if (!ssl_) {
    const ssize_t got = recv(fd_, buffer, size, 0);
    if (got > 0) return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
  }
  const int got = SSL_read(ssl_.get(), buffer, static_cast<int>(size));
  if (got > 0) return got;
  return would_block(SSL_get_error(ssl_.get(), got)) ? 0 : -1;
}

void Connection::read_all() {
  std::array<char, 65536> buffer;
  while (fd_ >= 0) {
    const ssize_t got = read_some(buffer.data(), buffer.size());
    if (got == 0) return;
    if (got < 0) return lose("closed by the server");
    in_.append(buffer.data(), static_cast<size_t>(got));
    if (state_ == State::kUpgrading && !take_upgrade()) continue;
    take_packets();
  }
}

bool Connection::take_upgrade() {
  const size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  if (in_.compare(0, 12, "HTTP/1.1 101") != 0) {
    lose("upgrade refused");
    return false;
  }
  in_.erase(0, end + 4);
  state_ = State::kWaitingForConnack;
  queue(connect_bytes_);
  return true;
}

void Connection::take_packets() {
  // CONNACK is the only packet that is waited for over WebSocket, and comes in a frame of its own with two bytes of
  // head.
  if (options_.websocket && state_ == State::kWaitingForConnack && in_.size() >= 2) in_.erase(0, 2);
  size_t at = 0;
  while (fd_ >= 0) {
    const std::string_view rest = std::string_view(in_).substr(at);
    size_t body_at = 0;
    const size_t length = whole_packet(rest, body_at);
    if (length == 0) break;
    at += length;
    const auto type = static_cast<PacketType>(static_cast<uint8_t>(rest[0]) >> 4);
    if (type == PacketType::kConnack) {
      if (rest[body_at + 1] != 0) return lose("CONNECT refused");
      state_ = State::kRunning;
      events_.on_connack(*this);
      if (fd_ < 0) return;
    } else if (type == PacketType::kPuback) {
      const auto high = static_cast<uint8_t>(rest[body_at]);
      const auto low = static_cast<uint8_t>(rest[body_at + 1]);
      events_.on_puback(*this, static_cast<uint16_t>(high << 8 | low));
    }
  }
  in_.erase(0, at);
}

ssize_t Connection::write_some(std::string_view bytes) {
  if (!ssl_) {
    const ssize_t put = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put >= 0) return put;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
  }
  const int put = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (put > 0) return put;
  return would_block(SSL_get_error(ssl_.get(), put)) ? 0 : -1;
}

void Connection::flush() {
  size_t at = 0;
  while (at < out_.size()) {
    const ssize_t put = write_some(std::string_view(out_).substr(at));
    if (put < 0) return lose("write failed");
    if (put == 0) break;
    at += static_cast<size_t>(put);
  }
  out_.erase(0, at);
  watch(!out_.empty());
}

void Connection::watch(bool writable) {
  if (writable == watching_writable_ || fd_ < 0) return;
  watching_writable_ = writable;
  epoll_event event{};
  event.events = EPOLLIN | (writable ? static_cast<uint32_t>(EPOLLOUT) : 0U);
  event.data.ptr = this;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd_, &event);
}

}  // namespace nave::bench
