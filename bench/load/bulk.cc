// A back end that registers devices, a hundred a request, over one HTTPS connection per slot.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/http_client.h"
#include "bench/load/loop.h"
#include "bench/load/run.h"
#include "bench/load/samples.h"
#include "bench/load/server_meter.h"

namespace nave::bench {
namespace {

constexpr unsigned kItems = 100;  // as many as a request may carry

class BulkMode {
 public:
  explicit BulkMode(const Options& options) : options_(options), meter_(options.server_pids) {
    requests_.resize(options.connections);
    for (unsigned i = 0; i < options.connections; ++i) {
      back_ends_.push_back(std::make_unique<HttpClient>(
          loop_, options_, i, [this](unsigned slot, int status) { on_answer(slot, status); }));
    }
  }

  int run() {
    std::vector<Stream*> streams;
    for (auto& back_end : back_ends_) streams.push_back(back_end.get());
    loop_.open_all(streams);
    const int64_t cpu_ns = meter_.cpu_ns();
    const int64_t began_ns = now_ns();
    for (unsigned i = 0; i < options_.connections; ++i) post(i);
    while (done_ < options_.devices) loop_.turn(now_ns() + 100'000'000);
    report(now_ns() - began_ns, meter_.cpu_ns() - cpu_ns);
    return 0;
  }

 private:
  struct Request {
    int64_t since_ns = 0;
    unsigned items = 0;
  };

  [[nodiscard]] std::string item(unsigned number) const {
    std::string out = R"({"id":")" + numbered(options_.client_id, number) + R"(","importMode":"create")";
    if (options_.with_twins) {
      out += R"(,"tags":{"site":"s)" + std::to_string(number % 100) + R"(","floor":)" + std::to_string(number % 10) +
             R"(},"properties":{"desired":{"interval":30,"mode":"on"}})";
    }
    return out + "}";
  }

  void post(unsigned slot) {
    if (next_ >= options_.devices) return;
    std::string body = "[";
    Request& request = requests_[slot];
    request = {now_ns(), 0};
    for (; request.items < kItems && next_ < options_.devices; ++request.items) {
      body += (request.items == 0 ? "" : ",") + item(next_++);
    }
    back_ends_[slot]->post("/devices?api-version=2021-04-12", body + "]");
  }

  void on_answer(unsigned slot, int status) {
    if (status != 200) {
      std::fprintf(stderr, "load: a bulk request was answered with %d\n", status);
      std::exit(1);
    }
    latency_.add(now_ns() - requests_[slot].since_ns);
    done_ += requests_[slot].items;
    post(slot);
  }

  void report(int64_t elapsed_ns, int64_t cpu_ns) {
    const double seconds = static_cast<double>(elapsed_ns) / 1e9;
    const double rate = done_ / seconds;
    const double cpu_us = static_cast<double>(cpu_ns) / 1e3 / done_;
    const double mib = static_cast<double>(meter_.memory_bytes()) / (1024.0 * 1024.0);
    std::printf("%u devices in %.2f s: %.0f /s, server CPU %.2f us each, server memory %.1f MiB\n", done_, seconds,
                rate, cpu_us, mib);
    std::printf("latency of a request p50 %.0f us, p99 %.0f us, max %.0f us\n", latency_.percentile_us(0.5),
                latency_.percentile_us(0.99), latency_.percentile_us(1));
    if (!options_.json) return;
    std::printf(R"({"count":%u,"rate":%.1f,"cpu_us":%.4f,"mib":%.1f,"p50_us":%.1f,"p99_us":%.1f})", done_, rate, cpu_us,
                mib, latency_.percentile_us(0.5), latency_.percentile_us(0.99));
    std::printf("\n");
  }

  Options options_;
  Loop loop_;
  ServerMeter meter_;
  std::vector<std::unique_ptr<HttpClient>> back_ends_;
  std::vector<Request> requests_;  // by slot
  Samples latency_;
  unsigned next_ = 0;
  unsigned done_ = 0;
};

}  // namespace

int run_bulk(const Options& options) {
  return BulkMode(options).run();
}

}  // namespace nave::bench
