// Holding: opens connections, holds them, and says what each costs the server.
#include <cstdio>

#include "bench/load/fleet.h"
#include "bench/load/run.h"
#include "bench/load/server_meter.h"

namespace nave::bench {

int run_idle(const Options& options) {
  ConnectionEvents nothing;
  Fleet fleet(options, nothing);
  const ServerMeter meter(options.server_pids);
  const int64_t memory = meter.memory_bytes();
  const int64_t cpu_ns = meter.cpu_ns();
  fleet.open_all();
  const int64_t opened_cpu_ns = meter.cpu_ns();
  for (const int64_t end_ns = now_ns() + int64_t{options.duration_ms} * 1'000'000; now_ns() < end_ns;) {
    fleet.loop().turn(end_ns);
  }
  const double count = options.connections;
  const double bytes = static_cast<double>(meter.memory_bytes() - memory) / count;
  const double connect_us = static_cast<double>(opened_cpu_ns - cpu_ns) / 1e3 / count;
  const double hold_us = static_cast<double>(meter.cpu_ns() - opened_cpu_ns) / 1e3;
  std::printf("%u idle: %.2f KiB of server memory each, %.0f us CPU per connect, %.0f us CPU while holding all\n",
              options.connections, bytes / 1024, connect_us, hold_us);
  if (options.json) {
    std::printf(R"({"connections":%u,"kib":%.3f,"connect_cpu_us":%.2f,"hold_cpu_us":%.1f})"
                "\n",
                options.connections, bytes / 1024, connect_us, hold_us);
  }
  return 0;
}

}  // namespace nave::bench
