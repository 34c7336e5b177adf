// What the measured server used: its processes' CPU clocks and its memory. CPU per operation does not depend on what
// else the machine does, rates do.
#pragma once

#include <cstdint>
#include <vector>

namespace nave::bench {

class ServerMeter {
 public:
  explicit ServerMeter(std::vector<int> pids) : pids_(std::move(pids)) {}
  [[nodiscard]] bool present() const { return !pids_.empty(); }
  // User and system time of all threads so far.
  [[nodiscard]] int64_t cpu_ns() const;
  // Proportional set size: the server's own memory, shared pages divided.
  [[nodiscard]] int64_t memory_bytes() const;

 private:
  std::vector<int> pids_;
};

// CLOCK_MONOTONIC.
[[nodiscard]] int64_t now_ns();

}  // namespace nave::bench
