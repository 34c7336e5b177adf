#include "sim/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <utility>

namespace nave::sim {

void Trace::mix(uint64_t v) {
  hash_ = (hash_ ^ v) * 0x100000001b3U;
  hash_ ^= hash_ >> 29;
}

void Trace::note(int64_t now_us, std::string_view what, uint64_t a, uint64_t b) {
  ++events_;
  mix(static_cast<uint64_t>(now_us));
  for (const char c : what) mix(static_cast<uint8_t>(c));
  mix(a);
  mix(b);
  if (print) {
    std::printf("%10.3f ms  %.*s %llu %llu\n", static_cast<double>(now_us) / 1000.0, static_cast<int>(what.size()),
                what.data(), static_cast<unsigned long long>(a), static_cast<unsigned long long>(b));
  }
}

void Trace::note(int64_t now_us, std::string_view what, std::string_view text) {
  ++events_;
  mix(static_cast<uint64_t>(now_us));
  for (const char c : what) mix(static_cast<uint8_t>(c));
  for (const char c : text) mix(static_cast<uint8_t>(c));
  if (print) {
    std::printf("%10.3f ms  %.*s %.*s\n", static_cast<double>(now_us) / 1000.0, static_cast<int>(what.size()),
                what.data(), static_cast<int>(text.size()), text.data());
  }
}

bool Scheduler::later(const Event& a, const Event& b) {
  return std::tie(a.time, a.tie, a.number) > std::tie(b.time, b.tie, b.number);
}

void Scheduler::after(int64_t delay_us, const Life& life, UniqueFunction<void()> f) {
  events_.push_back({now() + delay_us, rng.next(), next_number_++, life, std::move(f)});
  std::ranges::push_heap(events_, later);
}

bool Scheduler::run_one() {
  if (events_.empty()) return false;
  std::ranges::pop_heap(events_, later);
  Event event = std::move(events_.back());
  events_.pop_back();
  clock.now_us = event.time;
  if (const auto alive = event.life.lock()) event.f();
  return true;
}

void Scheduler::fail(std::string why) {
  if (failure_) return;
  note("VIOLATION", why);
  failure_ = std::move(why);
}

}  // namespace nave::sim
