// Holding: opens connections, holds them, and says what each costs the server.
#include <cstdio>
#include <cstdlib>

#include "bench/load/run.h"

namespace nave::bench {
namespace {

class IdleMode : public ConnectionEvents {
 public:
  explicit IdleMode(const Options& options) : options_(options), meter_(options.server_pids) {}

  void on_connack(Connection& /*connection*/) override {}
  void on_puback(Connection& /*connection*/, uint16_t /*id*/) override {}
  void on_lost(Connection& connection, const char* why) override {
    std::fprintf(stderr, "load: connection %u: %s\n", connection.number(), why);
    std::exit(1);
  }

  int run() {
    Fleet fleet(options_, *this);
    const int64_t memory = meter_.memory_bytes();
    const int64_t cpu_ns = meter_.cpu_ns();
    fleet.open_all();
    const int64_t opened_cpu_ns = meter_.cpu_ns();
    for (const int64_t end_ns = now_ns() + int64_t{options_.duration_ms} * 1'000'000; now_ns() < end_ns;) {
      fleet.turn(end_ns);
    }
    const double count = options_.connections;
    const double bytes = static_cast<double>(meter_.memory_bytes() - memory) / count;
    const double connect_us = static_cast<double>(opened_cpu_ns - cpu_ns) / 1e3 / count;
    const double hold_us = static_cast<double>(meter_.cpu_ns() - opened_cpu_ns) / 1e3;
    std::printf("%u idle: %.2f KiB of server memory each, %.0f us CPU per connect, %.0f us CPU while holding all\n",
                options_.connections, bytes / 1024, connect_us, hold_us);
    if (options_.json) {
      std::printf(R"({"connections":%u,"kib":%.3f,"connect_cpu_us":%.2f,"hold_cpu_us":%.1f})"
                  "\n",
                  options_.connections, bytes / 1024, connect_us, hold_us);
    }
    return 0;
  }

 private:
  const Options& options_;
  ServerMeter meter_;
};

}  // namespace

int run_idle(const Options& options) {
  return IdleMode(options).run();
}

}  // namespace nave::bench
