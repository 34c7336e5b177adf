// Who has something that only one may have at a time.
#pragma once

#include <cstdint>
#include <functional>

namespace nave::sim {

struct Hold {
  int64_t until_us = 0;         // the hub's lock does not end before
  std::function<bool()> lives;  // empty: whatever becomes of the connection

  [[nodiscard]] bool is_live(int64_t now_us) const { return now_us < until_us && (!lives || lives()); }
  void end() { until_us = 0; }
};

// For receivers that do not choose the time: a lock is for a minute, and what was sent arrives within seconds.
constexpr int64_t kLinkHoldUs = 45'000'000;

}  // namespace nave::sim
