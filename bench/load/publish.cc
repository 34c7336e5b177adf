// Publishing at QoS 1: closed loop (each connection keeps a window unacknowledged) or open loop (messages are due at
// fixed times; latency counts from the due time, so that a stall is not hidden).
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "bench/load/packets.h"
#include "bench/load/run.h"
#include "bench/load/samples.h"

namespace nave::bench {
namespace {

struct Publisher {
  PublishTemplate packet;
  std::vector<int64_t> sent_ns;  // by packet id, a power of two of slots
  uint16_t last_id = 0;
  unsigned unacknowledged = 0;
  uint64_t sent = 0;
};

class PublishMode : public ConnectionEvents {
 public:
  explicit PublishMode(const Options& options) : options_(options), meter_(options.server_pids) {
    size_t slots = 64;
    while (slots < size_t{4} * options.window) slots *= 2;
    for (unsigned i = 0; i < options.connections; ++i) {
      publishers_.push_back({publish_template(options, i), std::vector<int64_t>(slots)});
    }
  }

  void on_connack(Connection& /*connection*/) override {}
  void on_puback(Connection& connection, uint16_t id) override {
    Publisher& p = publishers_[connection.number()];
    --p.unacknowledged;
    if (measuring_) {
      ++acknowledged_;
      latency_.add(now_ns() - p.sent_ns[id & (p.sent_ns.size() - 1)]);
    }
    if (sending_) send_more(connection, p);
  }
  void on_lost(Connection& connection, const char* why) override {
    std::fprintf(stderr, "load: connection %u: %s\n", connection.number(), why);
    std::exit(1);
  }

  int run() {
    Fleet fleet(options_, *this);
    fleet.open_all();
    started_ns_ = now_ns();
    sending_ = true;
    if (options_.rate <= 0) {
      for (auto& c : fleet.connections()) {
        send_more(*c, publishers_[c->number()]);
        c->flush();
      }
    }
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
      int64_t wake_ns = end_ns;
      if (options_.rate > 0) {
        send_due(fleet);
        wake_ns = std::min(end_ns, due_ns(next_due_));
      }
      fleet.turn(wake_ns);
    }
  }

  // Message k of all is due at this time, on connection k mod n.
  [[nodiscard]] int64_t due_ns(uint64_t k) const {
    return started_ns_ + static_cast<int64_t>(static_cast<double>(k) * 1e9 / options_.rate);
  }

  void send_due(Fleet& fleet) {
    for (const int64_t now = now_ns(); due_ns(next_due_) <= now; ++next_due_) {
      Connection& connection = *fleet.connections()[next_due_ % options_.connections];
      send_more(connection, publishers_[connection.number()]);
      connection.flush();
    }
  }

  // As many as the window allows and, in the open loop, as are due on this connection.
  void send_more(Connection& connection, Publisher& p) {
    const int64_t now = now_ns();
    while (p.unacknowledged < options_.window) {
      int64_t since = now;
      if (options_.rate > 0) {
        since = due_ns(p.sent * options_.connections + connection.number());
        if (since > now) return;
      }
      p.last_id = p.last_id == 65535 ? uint16_t{1} : static_cast<uint16_t>(p.last_id + 1);
      p.packet.set_id(p.last_id);
      p.sent_ns[p.last_id & (p.sent_ns.size() - 1)] = since;
      ++p.unacknowledged;
      ++p.sent;
      connection.queue(p.packet.bytes);
    }
  }

  void report(int64_t elapsed_ns, int64_t cpu_ns) {
    const double seconds = static_cast<double>(elapsed_ns) / 1e9;
    const double rate = static_cast<double>(acknowledged_) / seconds;
    const double cpu_us =
        acknowledged_ == 0 ? 0 : static_cast<double>(cpu_ns) / 1e3 / static_cast<double>(acknowledged_);
    const double p50 = latency_.percentile_us(0.5);
    const double p99 = latency_.percentile_us(0.99);
    std::printf("%lu acknowledged in %.2f s: %.0f msg/s, latency p50 %.0f us p99 %.0f us, server CPU %.2f us/msg\n",
                acknowledged_, seconds, rate, p50, p99, cpu_us);
    if (options_.json) {
      std::printf(R"({"messages":%lu,"rate":%.1f,"p50_us":%.1f,"p99_us":%.1f,"cpu_us":%.4f})"
                  "\n",
                  acknowledged_, rate, p50, p99, cpu_us);
    }
  }

  const Options& options_;
  ServerMeter meter_;
  std::vector<Publisher> publishers_;
  Samples latency_;
  bool sending_ = false;
  bool measuring_ = false;
  uint64_t acknowledged_ = 0;
  uint64_t next_due_ = 0;
  int64_t started_ns_ = 0;
};

}  // namespace

int run_publish(const Options& options) {
  return PublishMode(options).run();
}

}  // namespace nave::bench
