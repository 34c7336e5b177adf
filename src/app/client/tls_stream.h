// A blocking TLS connection for the command line: it is a client of the public API like any other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace nave::app {

struct ClientTarget {
  std::string host;
  uint16_t port = 0;
  std::string ca_file;  // trusted besides the system's store; may be empty
};

class TlsStream {
 public:
  // Connects, verifies certificate and name. Throws std::runtime_error with one clear line.
  explicit TlsStream(const ClientTarget& target);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  void write(ByteView bytes);
  // At least one byte, at most `max`; empty at end of stream. Throws on errors. With a time-out set, an empty optional
  // result is reported through `timed_out`.
  [[nodiscard]] std::string read(size_t max, int timeout_ms, bool& timed_out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nave::app
