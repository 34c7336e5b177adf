// One client connection without a protocol: TCP, TLS if asked, bytes in and out. Single-threaded, driven by epoll
// readiness.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/loop.h"
#include "bench/load/options.h"

namespace nave::bench {

class Stream {
 public:
  // Loop and options outlive the stream.
  Stream(Loop& loop, const Options& options, uint16_t port, unsigned number);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() { close(); }

  // Begins to connect; on_secure() follows.
  void open();
  void close();
  // To be called with what epoll reported for this stream.
  void on_ready(uint32_t epoll_events);

  // Collected until flush(), at the end of the loop's turn at the latest: then one write, one TLS record.
  void queue(std::string_view bytes);
  void flush();

  // Whether the protocol is ready for its work.
  [[nodiscard]] virtual bool running() const = 0;
  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] int64_t opened_ns() const { return opened_ns_; }
  [[nodiscard]] bool resumed() const { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }

 protected:
  // TCP and TLS are up.
  virtual void on_secure() = 0;
  // Removes from the front of `in` what it understands; the rest comes again with what arrives next.
  virtual void on_bytes(std::string& in) = 0;
  [[nodiscard]] bool is_secure() const { return state_ == State::kSecure; }
  // A connection that is refused, reset or ended by the server ends the program: its figures would be worth nothing.
  [[noreturn]] void lose(const char* why) const;

 private:
  enum class State : uint8_t { kClosed, kConnecting, kHandshaking, kSecure };

  void step();
  bool handshake();
  void read_all();
  // Bytes read, 0 if there are none now, −1 when the connection has ended.
  ssize_t read_some(char* buffer, size_t size);
  ssize_t write_some(std::string_view bytes);
  void watch(bool writable);
  void keep_session();

  Loop& loop_;
  const Options& options_;
  uint16_t port_;
  unsigned number_;
  int fd_ = -1;
  State state_ = State::kClosed;
  bool watching_writable_ = false;
  bool to_be_flushed_ = false;
  int64_t opened_ns_ = 0;
  std::unique_ptr<SSL, SslDelete> ssl_;
  std::unique_ptr<SSL_SESSION, SslDelete> session_;
  std::string in_;
  std::string out_;
};

}  // namespace nave::bench
