// Messages and time: TTL, absolute expiry, what the tick clears away.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/hub/c2d/c2d_rig.h"

namespace nave::hub {
namespace {

class C2dExpiryTest : public C2dRig {
 protected:
  // Sends a message that expires `ms` from now.
  std::string send_expiring(int64_t ms, std::string_view body = "a") {
    const std::string text = std::to_string(unix_ms(shard.clock.utc()) + ms);
    EventView view = message(body, "full");
    view.system.push_back({SystemProperty::kAbsoluteExpiry, text});
    return send(view);
  }
};

TEST_F(C2dExpiryTest, TheDefaultTimeToLiveIsAnHour) {
  send("a", "full");
  advance(3600'000 - 1);
  const auto a = receive();
  EXPECT_EQ(body_of(a), "a");
  service->release({"d", ""}, std::vector{a->lock});
  shard.advance(1);
  EXPECT_EQ(receive_body(), "-") << "never handed out once expired, before any tick";
  EXPECT_EQ(depth(), 1U);
  advance(0);
  EXPECT_EQ(depth(), 0U);
  EXPECT_EQ(feedback(), "a:Expired");
}

TEST_F(C2dExpiryTest, TheSendersExpiryWins) {
  EXPECT_EQ(send_expiring(1000, "short"), "");
  EXPECT_EQ(send_expiring(7200'000, "long"), "");
  advance(1000);
  EXPECT_EQ(feedback(), "short:Expired");
  advance(7200'000 - 1001);
  EXPECT_EQ(receive_body(), "long");
}

TEST_F(C2dExpiryTest, AnExpiryThatIsNotInTheFutureOrNoTime) {
  EXPECT_EQ(send_expiring(1), "");
  for (const int64_t ms : {int64_t{0}, int64_t{-1}, int64_t{300'000'000'000'000}}) {
    EXPECT_EQ(send_expiring(ms), "InvalidMessageExpiryTime") << ms;
  }
  for (const auto* text : {"", "soon", "1e99", "99999999999999999999", "1786784856001x"}) {
    EventView view = message("a");
    view.system.push_back({SystemProperty::kAbsoluteExpiry, text});
    EXPECT_EQ(send(view), "InvalidMessageExpiryTime") << text;
  }
}

TEST_F(C2dExpiryTest, WhatIsLockedExpiresOnlyWhenItsLockEnds) {
  send_expiring(1000, "completed");
  send_expiring(1000, "lost");
  const auto completed = receive();
  const auto lost = receive();
  advance(30'000);
  EXPECT_EQ(depth(), 2U);
  EXPECT_EQ(settle(completed->lock, C2dOutcome::kComplete), "");
  advance(30'000);
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(feedback(), "completed:Success lost:Expired");
  EXPECT_EQ(settle(lost->lock, C2dOutcome::kComplete), "DeviceMessageLockLost");
}

TEST_F(C2dExpiryTest, AnAbandonedOrReleasedMessageThatHasExpiredIsNotDeliveredAgain) {
  send_expiring(1000, "a");
  send_expiring(1000, "b");
  const auto a = receive();
  const auto b = receive();
  advance(2000);
  EXPECT_EQ(settle(a->lock, C2dOutcome::kAbandon), "");
  service->release({"d", ""}, std::vector{b->lock});
  EXPECT_EQ(receive_body(), "-");
  advance(1000);
  EXPECT_EQ(feedback(), "a:Expired b:Expired");
}

TEST_F(C2dExpiryTest, AMessageOfAQueueThatNobodyUsesAfterARestart) {
  send("a", "full");
  start();
  advance(3600'000);
  EXPECT_EQ(depth(), 0U);
  EXPECT_EQ(feedback(), "a:Expired");
}

TEST_F(C2dExpiryTest, AFailureOfTheDiskIsTriedAgainAtTheNextTick) {
  send("a", "full");
  commands.slow = true;
  advance(3600'000);
  ASSERT_EQ(commands.writes.size(), 1U);
  advance(1000);
  EXPECT_EQ(commands.writes.size(), 1U) << "it is on its way";
  commands.commit_one(false);
  shard.run_until_idle();
  EXPECT_EQ(depth(), 1U);
  advance(1000);
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(feedback(), "a:Expired");
}

TEST_F(C2dExpiryTest, ExpiredMessagesTakeNoRoom) {
  options.queue_depth = 2;
  start();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send_expiring(1000), "");
  EXPECT_EQ(send("b"), "DeviceMaximumQueueDepthExceeded");
  shard.advance(1000);
  EXPECT_EQ(send_expiring(1000), "");
  EXPECT_EQ(send_expiring(1000), "");
  EXPECT_EQ(send("b"), "DeviceMaximumQueueDepthExceeded");
  shard.advance(1000);
  EXPECT_EQ(send("b"), "DeviceMaximumQueueDepthExceeded") << "one second queue of them until the tick, no more";
  advance(0);
  EXPECT_EQ(send("b"), "");
  EXPECT_EQ(depth(), 1U);
}

TEST_F(C2dExpiryTest, MoreThanOneTickClearsAwayAreClearedByTheNext) {
  constexpr size_t kDevices = 22;
  options.queue_depth = 50;
  start();
  for (size_t i = 0; i < kDevices; ++i) {
    const IdentityKey key{"e" + std::to_string(i), ""};
    add(key);
    for (int k = 0; k < 50; ++k) ASSERT_EQ(send("x", "", key), "");
  }
  ASSERT_GT(kDevices * 50, limits::kC2dExpiredPerTickMax);
  const auto left = [&] { return commands.load_expired_commands(shard.clock.utc(), kNever, 0, 100'000).size(); };
  advance(3600'000);
  EXPECT_GT(left(), 0U);
  advance(1000);
  EXPECT_EQ(left(), 0U);
}

}  // namespace
}  // namespace nave::hub
