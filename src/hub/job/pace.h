// How fast all jobs together may begin with devices.
#pragma once

#include <algorithm>
#include <cstdint>

namespace nave::hub {

// A token bucket that holds what one second brings. For one thread.
class Pace {
 public:
  // 0: as fast as asked.
  Pace(uint32_t per_second, int64_t now_ms) : rate_(per_second), tokens_(per_second), at_ms_(now_ms) {}

  [[nodiscard]] bool take(int64_t now_ms) {
    if (rate_ == 0) return true;
    tokens_ = std::min(rate_, tokens_ + static_cast<double>(now_ms - at_ms_) * rate_ / 1000);
    at_ms_ = now_ms;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  const double rate_;
  double tokens_;
  int64_t at_ms_;
};

}  // namespace nave::hub
