// Connecting: each slot connects, waits for CONNACK, disconnects, and begins again.
#include <cstdio>
#include <utility>

#include "bench/load/fleet.h"
#include "bench/load/run.h"
#include "bench/load/samples.h"
#include "bench/load/server_meter.h"

namespace nave::bench {
namespace {

class ConnectMode : public ConnectionEvents {
 public:
  explicit ConnectMode(const Options& options) : options_(options), meter_(options.server_pids) {}

  void on_running(Connection& connection) override {
    if (measuring_) {
      ++connects_;
      resumed_ += connection.resumed() ? 1 : 0;
      latency_.add(now_ns() - connection.opened_ns());
    }
    finished_.push_back(&connection);
  }

  int run() {
    Fleet fleet(options_, *this);
    for (auto& c : fleet.connections()) c->open();
    drive(fleet, options_.warm_up_ms);
    measuring_ = true;
    const int64_t cpu_ns = meter_.cpu_ns();
    const int64_t began_ns = now_ns();
    drive(fleet, options_.duration_ms);
    report(now_ns() - began_ns, meter_.cpu_ns() - cpu_ns);
    return 0;
  }

 private:
  void drive(Fleet& fleet, unsigned milliseconds) {
    const int64_t end_ns = now_ns() + int64_t{milliseconds} * 1'000'000;
    while (now_ns() < end_ns) {
      fleet.loop().turn(end_ns);
      // Not inside on_running: the connection is still reading there.
      for (Connection* c : std::exchange(finished_, {})) {
        c->queue(options_.websocket ? masked_frame(disconnect_packet()) : disconnect_packet());
        c->flush();
        c->close();
        c->open();
      }
    }
  }

  void report(int64_t elapsed_ns, int64_t cpu_ns) {
    const double seconds = static_cast<double>(elapsed_ns) / 1e9;
    const double count = static_cast<double>(connects_);
    const double rate = count / seconds;
    const double cpu_us = connects_ == 0 ? 0 : static_cast<double>(cpu_ns) / 1e3 / count;
    const double resumed = connects_ == 0 ? 0 : 100.0 * static_cast<double>(resumed_) / count;
    const double p50 = latency_.percentile_us(0.5);
    const double p99 = latency_.percentile_us(0.99);
    std::printf(
        "%lu connects in %.2f s: %.0f /s, latency p50 %.0f us p99 %.0f us, server CPU %.1f us/connect, %.0f %% "
        "resumed\n",
        connects_, seconds, rate, p50, p99, cpu_us, resumed);
    if (options_.json) {
      std::printf(R"({"connects":%lu,"rate":%.1f,"p50_us":%.1f,"p99_us":%.1f,"cpu_us":%.3f,"resumed_percent":%.1f})"
                  "\n",
                  connects_, rate, p50, p99, cpu_us, resumed);
    }
  }

  const Options& options_;
  ServerMeter meter_;
  Samples latency_;
  std::vector<Connection*> finished_;
  bool measuring_ = false;
  uint64_t connects_ = 0;
  uint64_t resumed_ = 0;
};

}  // namespace

int run_connect(const Options& options) {
  return ConnectMode(options).run();
}

}  // namespace nave::bench
