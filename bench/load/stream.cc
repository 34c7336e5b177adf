#include "bench/load/stream.h"

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

#include "bench/load/server_meter.h"

namespace nave::bench {
namespace {

sockaddr_in address_of(const Options& o, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
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

Stream::Stream(Loop& loop, const Options& options, uint16_t port, unsigned number)
    : loop_(loop), options_(options), port_(port), number_(number) {}

void Stream::open() {
  opened_ns_ = now_ns();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) lose("out of descriptors");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = address_of(options_, port_);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = this;
  epoll_ctl(loop_.epoll(), EPOLL_CTL_ADD, fd_, &event);
  watching_writable_ = true;
  state_ = State::kConnecting;
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    lose("connect failed");
  }
}

void Stream::close() {
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

void Stream::keep_session() {
  if (options_.resume && ssl_ && SSL_session_reused(ssl_.get()) == 0) session_.reset(SSL_get1_session(ssl_.get()));
}

void Stream::lose(const char* why) const {
  std::fprintf(stderr, "load: connection %u to port %u: %s\n", number_, port_, why);
  std::exit(1);
}

void Stream::on_ready(uint32_t epoll_events) {
  if (fd_ < 0) return;
  if (state_ == State::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) lose("connection refused");
    if ((epoll_events & EPOLLOUT) == 0) return;
    if (options_.tls) {
      ssl_.reset(SSL_new(loop_.tls()));
      SSL_set_fd(ssl_.get(), fd_);
      SSL_set_connect_state(ssl_.get());
      if (session_) SSL_set_session(ssl_.get(), session_.get());
    }
    state_ = State::kHandshaking;
  }
  step();
}

void Stream::step() {
  if (state_ == State::kHandshaking) {
    if (!handshake()) return;
    state_ = State::kSecure;
    on_secure();
    flush();
  }
  read_all();
  flush();
}

bool Stream::handshake() {
  if (!ssl_) return true;
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) return true;
  const int error = SSL_get_error(ssl_.get(), done);
  if (!would_block(error)) lose("TLS handshake failed");
  watch(error == SSL_ERROR_WANT_WRITE);
  return false;
}

ssize_t Stream::read_some(char* buffer, size_t size) {
  if (!ssl_) {
    const ssize_t got = recv(fd_, buffer, size, 0);
    if (got > 0) return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
  }
  const int got = SSL_read(ssl_.get(), buffer, static_cast<int>(size));
  if (got > 0) return got;
  return would_block(SSL_get_error(ssl_.get(), got)) ? 0 : -1;
}

void Stream::read_all() {
  std::array<char, 65536> buffer;
  while (fd_ >= 0) {
    const ssize_t got = read_some(buffer.data(), buffer.size());
    if (got == 0) return;
    if (got < 0) lose("closed by the server");
    in_.append(buffer.data(), static_cast<size_t>(got));
    on_bytes(in_);
  }
}

ssize_t Stream::write_some(std::string_view bytes) {
  if (!ssl_) {
    const ssize_t put = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put >= 0) return put;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
  }
  const int put = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (put > 0) return put;
  return would_block(SSL_get_error(ssl_.get(), put)) ? 0 : -1;
}

void Stream::queue(std::string_view bytes) {
  out_.append(bytes);
  if (to_be_flushed_) return;
  to_be_flushed_ = true;
  loop_.flush_later(*this);
}

void Stream::flush() {
  to_be_flushed_ = false;
  if (state_ != State::kSecure) return;
  size_t at = 0;
  while (at < out_.size()) {
    const ssize_t put = write_some(std::string_view(out_).substr(at));
    if (put < 0) lose("write failed");
    if (put == 0) break;
    at += static_cast<size_t>(put);
  }
  out_.erase(0, at);
  watch(!out_.empty());
}

void Stream::watch(bool writable) {
  if (writable == watching_writable_ || fd_ < 0) return;
  watching_writable_ = writable;
  epoll_event event{};
  event.events = EPOLLIN | (writable ? static_cast<uint32_t>(EPOLLOUT) : 0U);
  event.data.ptr = this;
  epoll_ctl(loop_.epoll(), EPOLL_CTL_MOD, fd_, &event);
}

}  // namespace nave::bench
