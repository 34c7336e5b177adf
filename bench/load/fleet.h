// MQTT connections in one epoll loop.
#pragma once

#include <memory>
#include <vector>

#include "bench/load/connection.h"

namespace nave::bench {

class Fleet {
 public:
  Fleet(const Options& options, ConnectionEvents& events);

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] Connection& operator[](unsigned number) { return *connections_[number]; }
  [[nodiscard]] std::vector<std::unique_ptr<Connection>>& connections() { return connections_; }
  // Until each is running.
  void open_all();

 private:
  Loop loop_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace nave::bench
