#include "base/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace nave {
namespace {

using FunctionTimer = CallbackTimer<std::function<void()>>;
constexpr int64_t kTick = TimerWheel::kTickMs;

TEST(TimerWheel, NeverEarlyAndAtMostOneTickLate) {
  for (const int64_t start : {0, 1, 49, 50, 999, 123'456'789}) {
    for (const int64_t delay : {1, 49, 50, 51, 99, 100, 1000, 51'199, 51'200, 51'201, 200'000}) {
      TimerWheel wheel(start);
      int64_t fired_at = -1;
      int64_t now = start;
      FunctionTimer timer([&] { fired_at = now; });
      wheel.arm(timer, delay);
      EXPECT_TRUE(timer.armed());
      while (fired_at < 0 && now < start + delay + 2 * kTick) wheel.advance(now += 7);
      EXPECT_GE(fired_at, start + delay) << start << " + " << delay;
      EXPECT_LE(fired_at, start + delay + kTick + 7) << start << " + " << delay;
      EXPECT_FALSE(timer.armed());
    }
  }
}

TEST(TimerWheel, FiresOnce) {
  TimerWheel wheel(0);
  int fired = 0;
  FunctionTimer timer([&] { ++fired; });
  wheel.arm(timer, 100);
  for (int64_t now = 0; now < 200'000; now += kTick) wheel.advance(now);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, CancelledAndDestroyedTimersStaySilent) {
  TimerWheel wheel(0);
  int fired = 0;
  FunctionTimer cancelled([&] { ++fired; });
  auto destroyed = std::make_unique<FunctionTimer>([&] { ++fired; });
  wheel.arm(cancelled, 100);
  wheel.arm(*destroyed, 100);
  cancelled.cancel();
  cancelled.cancel();
  destroyed.reset();
  wheel.advance(1000);
  EXPECT_EQ(fired, 0);
}

TEST(TimerWheel, ArmingAgainMovesTheDeadline) {
  TimerWheel wheel(0);
  int fired = 0;
  FunctionTimer timer([&] { ++fired; });
  wheel.arm(timer, 100);
  wheel.arm(timer, 1000);
  wheel.advance(500);
  EXPECT_EQ(fired, 0);
  wheel.arm(timer, 100);
  wheel.advance(700);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ZeroAndNegativeDelaysFireAtTheNextTick) {
  TimerWheel wheel(1000);
  int fired = 0;
  FunctionTimer zero([&] { ++fired; });
  FunctionTimer negative([&] { ++fired; });
  wheel.arm(zero, 0);
  wheel.arm(negative, -5000);
  EXPECT_EQ(fired, 0) << "never inside arm()";
  wheel.advance(1000 + kTick);
  EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, AHandlerMayRearmItself) {
  TimerWheel wheel(0);
  int fired = 0;
  std::unique_ptr<FunctionTimer> timer;
  timer = std::make_unique<FunctionTimer>([&] {
    ++fired;
    wheel.arm(*timer, 1);
  });
  wheel.arm(*timer, 1);
  for (int64_t i = 1; i <= 10; ++i) {
    wheel.advance(i * kTick);
    EXPECT_EQ(fired, i) << "once a tick, not forever inside one";
  }
}

TEST(TimerWheel, AHandlerMayCancelOrDestroyOthersThatAreDue) {
  TimerWheel wheel(0);
  std::vector<std::unique_ptr<FunctionTimer>> timers;
  int fired = 0;
  for (int i = 0; i < 4; ++i) {
    timers.push_back(std::make_unique<FunctionTimer>([&] {
      ++fired;
      timers[1]->cancel();
      timers[2].reset();
    }));
    wheel.arm(*timers.back(), 100);
  }
  wheel.advance(100);
  EXPECT_EQ(fired, 2) << "the first and the last";
}

TEST(TimerWheel, AHandlerMayDestroyItsOwnTimer) {
  TimerWheel wheel(0);
  std::unique_ptr<FunctionTimer> timer;
  bool fired = false;
  // What the handler uses after reset() must not live in the timer.
  bool* const out = &fired;
  auto* const owner = &timer;
  timer = std::make_unique<FunctionTimer>([out, owner] {
    bool* const kept = out;
    owner->reset();
    *kept = true;
  });
  wheel.arm(*timer, 10);
  wheel.advance(100);
  EXPECT_TRUE(fired);
}

TEST(TimerWheel, ALongPauseFiresEverythingThatIsDue) {
  TimerWheel wheel(0);
  int fired = 0;
  std::vector<std::unique_ptr<FunctionTimer>> timers;
  for (int64_t delay = 1; delay <= 300'000; delay += 997) {
    timers.push_back(std::make_unique<FunctionTimer>([&] { ++fired; }));
    wheel.arm(*timers.back(), delay);
  }
  FunctionTimer later([&] { fired += 1000; });
  wheel.arm(later, 1'000'001);
  wheel.advance(1'000'000);
  EXPECT_EQ(fired, static_cast<int>(timers.size()));
  EXPECT_TRUE(later.armed());
}

TEST(TimerWheel, TimeThatGoesBackIsIgnored) {
  TimerWheel wheel(1000);
  int fired = 0;
  FunctionTimer timer([&] { ++fired; });
  wheel.arm(timer, 100);
  wheel.advance(500);
  EXPECT_EQ(wheel.now_ms(), 1000);
  wheel.advance(1100);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, TimersMayOutliveTheWheel) {
  FunctionTimer timer([] { ADD_FAILURE(); });
  {
    TimerWheel wheel(0);
    wheel.arm(timer, 100);
  }
  EXPECT_FALSE(timer.armed());
}

}  // namespace
}  // namespace nave
