// A shard without threads: a queue for posted functions, a timer wheel and a clock that move only when told.
#pragma once

#include <deque>
#include <utility>

#include "base/shard_context.h"

namespace nave::test {

// Posted functions wait until the test runs them.
class QueueExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { queue_.push_back(std::move(f)); }
  [[nodiscard]] bool idle() const { return queue_.empty(); }
  // Runs the oldest function; false when there was none.
  bool run_one() {
    if (queue_.empty()) return false;
    UniqueFunction<void()> f = std::move(queue_.front());
    queue_.pop_front();
    f();
    return true;
  }

 private:
  std::deque<UniqueFunction<void()>> queue_;
};

class FakeShard {
 public:
  explicit FakeShard(ShardId id = ShardId{0}, UtcTime start = from_unix_ms(1'786'784'856'000))
      : clock(start), timers(clock.steady_ms()), context{id, executor, timers, clock} {}
  FakeShard(const FakeShard&) = delete;
  FakeShard& operator=(const FakeShard&) = delete;

  // Runs what was posted, and what that posts, until nothing is left.
  void run_until_idle() {
    while (executor.run_one()) {
    }
  }
  // Moves the clock, in steps no longer than a wheel tick so that timers fire in order, and runs everything due.
  void advance(int64_t ms) {
    run_until_idle();
    while (ms > 0) {
      const int64_t step = ms < TimerWheel::kTickMs ? ms : TimerWheel::kTickMs;
      clock.advance(std::chrono::milliseconds(step));
      timers.advance(clock.steady_ms());
      run_until_idle();
      ms -= step;
    }
  }

  ManualClock clock;
  QueueExecutor executor;
  TimerWheel timers;
  ShardContext context;
};

}  // namespace nave::test
