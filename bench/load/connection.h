// One client connection: TCP, TLS, WebSocket if asked, CONNECT, then whatever its mode sends. Single-threaded, driven
// by epoll readiness.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/options.h"

namespace nave::bench {

class Connection;

// What a mode does with its connections.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void on_connack(Connection& connection) = 0;
  virtual void on_puback(Connection& connection, uint16_t id) = 0;
  // Refused, reset or ended by the server; the connection is closed already.
  virtual void on_lost(Connection& connection, const char* why) = 0;
};

struct SslDelete {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

class Connection {
 public:
  Connection(const Options& options, SSL_CTX* tls, int epoll, unsigned number, ConnectionEvents& events);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  // Begins to connect; on_connack or on_lost follows.
  void open();
  void close();
  // To be called with what epoll reported for this connection.
  void on_ready(uint32_t epoll_events);

  // Collected until flush(), then one write, one TLS record.
  void queue(std::string_view bytes) { out_.append(bytes); }
  void flush();

  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] bool running() const { return state_ == State::kRunning; }
  [[nodiscard]] int64_t opened_ns() const { return opened_ns_; }
  [[nodiscard]] bool resumed() const { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }

 private:
  enum class State : uint8_t { kClosed, kConnecting, kHandshaking, kUpgrading, kWaitingForConnack, kRunning };

  void step();
  bool handshake();
  void say_hello();
  void read_all();
  // Bytes read, 0 if there are none now, −1 when the connection has ended.
  ssize_t read_some(char* buffer, size_t size);
  ssize_t write_some(std::string_view bytes);
  bool take_upgrade();
  void take_packets();
  void watch(bool writable);
  void lose(const char* why);
  void keep_session();

  const Options& options_;
  SSL_CTX* tls_;
  int epoll_;
  unsigned number_;
  ConnectionEvents& events_;
  int fd_ = -1;
  State state_ = State::kClosed;
  bool watching_writable_ = false;
  int64_t opened_ns_ = 0;
  std::unique_ptr<SSL, SslDelete> ssl_;
  std::unique_ptr<SSL_SESSION, SslDelete> session_;
  std::string connect_bytes_;
  std::string in_;
  std::string out_;
};

}  // namespace nave::bench
