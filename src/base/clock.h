// The two clocks of the program, behind an interface so that the simulator can own time.
#pragma once

#include <chrono>

#include "base/time.h"

namespace nave {

// Thread-safe. utc() may jump; steady_ms() never goes back and is what deadlines are measured with.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UtcTime utc() const = 0;
  [[nodiscard]] virtual int64_t steady_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UtcTime utc() const override {
    return std::chrono::time_point_cast<Ticks>(std::chrono::system_clock::now());
  }
  [[nodiscard]] int64_t steady_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

// A clock that moves when told, for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UtcTime start) : utc_(start) {}
  [[nodiscard]] UtcTime utc() const override { return utc_; }
  [[nodiscard]] int64_t steady_ms() const override { return steady_ms_; }
  void advance(std::chrono::milliseconds d) {
    utc_ += d;
    steady_ms_ += d.count();
  }
  void jump_utc(Ticks d) { utc_ += d; }

 private:
  UtcTime utc_;
  int64_t steady_ms_ = 1000;
};

}  // namespace nave
