// The one epoll loop of a run and the TLS context of its streams.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace nave::bench {

class Stream;

struct SslDelete {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

// Streams outlive the last turn() or are closed before; destroyed ones are never touched outside turn().
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] int epoll() const { return epoll_; }
  [[nodiscard]] SSL_CTX* tls() const { return tls_.get(); }

  // Handles readiness until `deadline_ns`, at the latest; at once what is ready. Flushes what was queued meanwhile.
  void turn(int64_t deadline_ns);
  // Opens all, a bounded number at a time, until each is running; ends the program if that takes too long.
  void open_all(const std::vector<Stream*>& streams);
  // To be flushed in this turn, or at the start of the next.
  void flush_later(Stream& stream) { unflushed_.push_back(&stream); }

 private:
  void flush();

  int epoll_;
  std::unique_ptr<SSL_CTX, SslDelete> tls_;
  std::vector<Stream*> unflushed_;
};

}  // namespace nave::bench
