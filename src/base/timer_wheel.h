// Deadlines of one shard: keep-alives, handshakes, lock time-outs. One wheel per shard instead of one operating-system
// timer per connection; firing may be late by one tick, never early.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace nave {

class TimerWheel;

// A deadline that its owner embeds. Destroying or cancelling it takes it off the wheel. Not thread-safe: a timer and
// its wheel belong to one shard.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { cancel(); }

  void cancel();
  [[nodiscard]] bool armed() const { return next_ != nullptr; }

 protected:
  // May re-arm, cancel or destroy any timer, this one included.
  virtual void on_timer() = 0;

 private:
  friend class TimerWheel;
  Timer* prev_ = nullptr;
  Timer* next_ = nullptr;
  int64_t deadline_ms_ = 0;
};

// Calls a function when it fires; for owners that are not timers themselves.
template <class F>
class CallbackTimer final : public Timer {
 public:
  explicit CallbackTimer(F f) : f_(std::move(f)) {}

 private:
  void on_timer() override { f_(); }
  F f_;
};

class TimerWheel {
 public:
  explicit TimerWheel(int64_t now_ms);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  static constexpr int64_t kTickMs = 50;

  // Fires at the first advance() at or after `delay_ms` from now; re-arms if already armed.
  void arm(Timer& timer, int64_t delay_ms);
  // Fires everything that is due. `now_ms` is Clock::steady_ms().
  void advance(int64_t now_ms);
  [[nodiscard]] int64_t now_ms() const { return now_ms_; }

 private:
  // Deadlines beyond one turn of the wheel stay in their slot and are skipped until their turn comes.
  static constexpr size_t kSlots = 1024;
  struct Slot final : Timer {
    Slot() = default;
    ~Slot() override = default;
    void on_timer() override {}
  };
  void link(Timer& timer);

  std::array<Slot, kSlots> slots_;
  int64_t now_ms_;
  int64_t tick_;
};

}  // namespace nave
