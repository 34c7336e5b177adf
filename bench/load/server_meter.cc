#include "bench/load/server_meter.h"

#include <time.h>

#include <fstream>
#include <string>

namespace nave::bench {
namespace {

int64_t read_clock(clockid_t clock) {
  timespec t{};
  if (clock_gettime(clock, &t) != 0) return 0;
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

int64_t now_ns() {
  return read_clock(CLOCK_MONOTONIC);
}

int64_t ServerMeter::cpu_ns() const {
  int64_t sum = 0;
  for (const int pid : pids_) {
    clockid_t clock{};
    if (clock_getcpuclockid(pid, &clock) == 0) sum += read_clock(clock);
  }
  return sum;
}

int64_t ServerMeter::memory_bytes() const {
  int64_t kib = 0;
  for (const int pid : pids_) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    std::string word;
    while (file >> word) {
      int64_t value = 0;
      if (word == "Pss:" && file >> value) kib += value;
    }
  }
  return kib * 1024;
}

}  // namespace nave::bench
