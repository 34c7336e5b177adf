// When operations begin and how long they take: closed loop (each slot keeps a window of them going) or open loop (they
// are due at fixed times; latency counts from the due time, so that a stall is not hidden).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/loop.h"
#include "bench/load/options.h"
#include "bench/load/samples.h"
#include "bench/load/server_meter.h"

namespace nave::bench {

class Pace {
 public:
  // Begins an operation of a slot. Tickets of a slot count 1 … 65535, 1 …: good for packet ids.
  using Start = std::function<void(unsigned slot, uint16_t ticket)>;

  Pace(const Options& options, unsigned slots, Start start);

  // Warm-up and measurement.
  void run(Loop& loop);
  // The operation is over; another one begins if the loop is closed or one is due.
  void finish(unsigned slot, uint16_t ticket);
  [[nodiscard]] bool measuring() const { return measuring_; }
  // Prints rate, latencies and server CPU; `more` are further latencies by name.
  void report(const char* what, const std::vector<std::pair<std::string, Samples*>>& more = {});

 private:
  struct Slot {
    std::vector<int64_t> since_ns;  // by ticket, a power of two of places
    uint64_t started = 0;
    unsigned unfinished = 0;
  };

  void drive(Loop& loop, unsigned milliseconds);
  // Operation k of all is due at this time, on slot k mod n.
  [[nodiscard]] int64_t due_ns(uint64_t k) const;
  // As many as the window allows and, in the open loop, as are due on this slot.
  void fill(unsigned slot, int64_t now);

  const Options& options_;
  Start start_;
  ServerMeter meter_;
  std::vector<Slot> slots_;
  Samples latency_;
  bool measuring_ = false;
  uint64_t finished_ = 0;
  uint64_t next_due_ = 0;
  int64_t started_ns_ = 0;
  int64_t elapsed_ns_ = 0;
  int64_t cpu_ns_ = 0;
};

}  // namespace nave::bench
