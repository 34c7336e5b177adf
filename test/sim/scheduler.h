// Virtual time and what happens in it. Nothing in a simulation happens outside an event of this queue.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function.h"
#include "sim/rng.h"

namespace nave::sim {

constexpr int64_t kUs = 1;
constexpr int64_t kMs = 1000;
constexpr int64_t kS = 1'000'000;

class SimClock final : public Clock {
 public:
  [[nodiscard]] UtcTime utc() const override { return from_unix_ms(1'786'784'856'000) + Us(now_us + utc_offset_us); }
  [[nodiscard]] int64_t steady_ms() const override { return 1000 + now_us / kMs; }

  int64_t now_us = 0;
  int64_t utc_offset_us = 0;  // what the calendar was set forward

 private:
  using Us = std::chrono::microseconds;
};

// Whatever can end before an event that was planned for it: events hold it weakly.
using Life = std::shared_ptr<const bool>;
[[nodiscard]] inline Life make_life() {
  return std::make_shared<const bool>(true);
}

// Everything that was observed, as a number; and, for people, as text.
class Trace {
 public:
  void note(int64_t now_us, std::string_view what, uint64_t a = 0, uint64_t b = 0);
  void note(int64_t now_us, std::string_view what, std::string_view text);
  [[nodiscard]] uint64_t hash() const { return hash_; }
  [[nodiscard]] uint64_t events() const { return events_; }

  bool print = false;

 private:
  void mix(uint64_t v);
  uint64_t hash_ = 0xcbf29ce484222325U;
  uint64_t events_ = 0;
};

class Scheduler {
 public:
  explicit Scheduler(uint64_t seed) : rng(seed) {}

  // Events of one instant happen in an order that the seed chooses. `f` must own nothing that belongs to `life`.
  void after(int64_t delay_us, const Life& life, UniqueFunction<void()> f);
  // False when nothing is planned.
  bool run_one();
  [[nodiscard]] int64_t now() const { return clock.now_us; }

  // The first violation; the run ends with the event that found it.
  void fail(std::string why);
  // As fail() unless `ok`.
  void expect(bool ok, std::string_view why) {
    if (!ok) fail(std::string(why));
  }
  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }

  void note(std::string_view what, uint64_t a = 0, uint64_t b = 0) { trace.note(now(), what, a, b); }
  void note(std::string_view what, std::string_view text) { trace.note(now(), what, text); }

  Rng rng;
  SimClock clock;
  Trace trace;

 private:
  struct Event {
    int64_t time;
    uint64_t tie;
    uint64_t number;
    std::weak_ptr<const bool> life;
    UniqueFunction<void()> f;
  };
  static bool later(const Event& a, const Event& b);

  std::vector<Event> events_;  // a heap
  uint64_t next_number_ = 0;
  std::optional<std::string> failure_;
};

}  // namespace nave::sim
