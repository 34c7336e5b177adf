// The three modes and what they share.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "bench/load/connection.h"
#include "bench/load/options.h"
#include "bench/load/server_meter.h"

namespace nave::bench {

// Connections in one epoll loop.
class Fleet {
 public:
  Fleet(const Options& options, ConnectionEvents& events);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  [[nodiscard]] std::vector<std::unique_ptr<Connection>>& connections() { return connections_; }
  // Handles readiness until `deadline_ns`, at the latest; at once what is ready.
  void turn(int64_t deadline_ns);
  // Opens all, a bounded number at a time, until each is running; ends the program if that takes too long.
  void open_all();

 private:
  const Options& options_;
  int epoll_;
  std::unique_ptr<SSL_CTX, SslDelete> tls_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

int run_publish(const Options& options);
int run_connect(const Options& options);
int run_idle(const Options& options);

}  // namespace nave::bench
