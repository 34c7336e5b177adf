#include "bench/load/pace.h"

#include <algorithm>
#include <cstdio>

namespace nave::bench {
namespace {

size_t places_for(unsigned window) {
  size_t places = 64;
  while (places < size_t{4} * window) places *= 2;
  return places;
}

}  // namespace

Pace::Pace(const Options& options, unsigned slots, Start start)
    : options_(options), start_(std::move(start)), meter_(options.server_pids), slots_(slots) {
  for (Slot& slot : slots_) slot.since_ns.resize(places_for(options.window));
}

void Pace::run(Loop& loop) {
  started_ns_ = now_ns();
  if (options_.rate <= 0) {
    for (unsigned i = 0; i < slots_.size(); ++i) fill(i, started_ns_);
  }
  drive(loop, options_.warm_up_ms);
  measuring_ = true;
  const int64_t cpu_ns = meter_.cpu_ns();
  const int64_t began_ns = now_ns();
  drive(loop, options_.duration_ms);
  elapsed_ns_ = now_ns() - began_ns;
  cpu_ns_ = meter_.cpu_ns() - cpu_ns;
}

void Pace::drive(Loop& loop, unsigned milliseconds) {
  const int64_t end_ns = now_ns() + int64_t{milliseconds} * 1'000'000;
  while (now_ns() < end_ns) {
    int64_t wake_ns = end_ns;
    if (options_.rate > 0) {
      for (const int64_t now = now_ns(); due_ns(next_due_) <= now; ++next_due_) {
        fill(static_cast<unsigned>(next_due_ % slots_.size()), now);
      }
      wake_ns = std::min(end_ns, due_ns(next_due_));
    }
    loop.turn(wake_ns);
  }
}

int64_t Pace::due_ns(uint64_t k) const {
  return started_ns_ + static_cast<int64_t>(static_cast<double>(k) * 1e9 / options_.rate);
}

void Pace::fill(unsigned slot, int64_t now) {
  Slot& s = slots_[slot];
  while (s.unfinished < options_.window) {
    int64_t since = now;
    if (options_.rate > 0) {
      since = due_ns(s.started * slots_.size() + slot);
      if (since > now) return;
    }
    const auto ticket = static_cast<uint16_t>(s.started % 65535 + 1);
    s.since_ns[ticket & (s.since_ns.size() - 1)] = since;
    ++s.unfinished;
    ++s.started;
    start_(slot, ticket);
  }
}

void Pace::finish(unsigned slot, uint16_t ticket) {
  Slot& s = slots_[slot];
  const int64_t now = now_ns();
  --s.unfinished;
  if (measuring_) {
    ++finished_;
    latency_.add(now - s.since_ns[ticket & (s.since_ns.size() - 1)]);
  }
  fill(slot, now);
}

void Pace::report(const char* what, const std::vector<std::pair<std::string, Samples*>>& more) {
  const double rate = static_cast<double>(finished_) * 1e9 / static_cast<double>(elapsed_ns_);
  const double cpu_us = finished_ == 0 ? 0 : static_cast<double>(cpu_ns_) / 1e3 / static_cast<double>(finished_);
  std::vector<std::pair<std::string, Samples*>> latencies{{"", &latency_}};
  latencies.insert(latencies.end(), more.begin(), more.end());
  std::printf("%lu %s in %.2f s: %.0f /s, server CPU %.2f us each\n", finished_, what,
              static_cast<double>(elapsed_ns_) / 1e9, rate, cpu_us);
  for (const auto& [name, samples] : latencies) {
    std::printf("%slatency p50 %.0f us, p90 %.0f us, p99 %.0f us, max %.0f us\n", name.c_str(),
                samples->percentile_us(0.5), samples->percentile_us(0.9), samples->percentile_us(0.99),
                samples->percentile_us(1));
  }
  if (!options_.json) return;
  std::printf(R"({"count":%lu,"rate":%.1f,"cpu_us":%.4f)", finished_, rate, cpu_us);
  for (const auto& [name, samples] : latencies) {
    std::printf(R"(,"%sp50_us":%.1f,"%sp90_us":%.1f,"%sp99_us":%.1f,"%smax_us":%.1f)", name.c_str(),
                samples->percentile_us(0.5), name.c_str(), samples->percentile_us(0.9), name.c_str(),
                samples->percentile_us(0.99), name.c_str(), samples->percentile_us(1));
  }
  std::printf("}\n");
}

}  // namespace nave::bench
