#include "hub/c2d/service.h"

#include <gtest/gtest.h>

#include "unit/hub/c2d/c2d_rig.h"

namespace nave::hub {
namespace {

constexpr auto kComplete = C2dOutcome::kComplete;
constexpr auto kReject = C2dOutcome::kReject;
constexpr auto kAbandon = C2dOutcome::kAbandon;

class C2dServiceTest : public C2dRig {};

TEST_F(C2dServiceTest, FirstInFirstOutAndEachToOneReceiver) {
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(send("a"), "");
  EXPECT_EQ(send("b"), "");
  EXPECT_EQ(depth(), 2U);
  const auto a = receive();
  const auto b = receive();
  EXPECT_EQ(body_of(a), "a");
  EXPECT_EQ(body_of(b), "b");
  EXPECT_NE(a->lock, b->lock);
  EXPECT_LT(a->sequence, b->sequence);
  EXPECT_EQ(a->delivery_count, 0U);
  EXPECT_EQ(a->enqueued, shard.clock.utc());
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(depth(), 2U) << "locked ones count";
  EXPECT_EQ(settle(a->lock, kComplete), "");
  EXPECT_EQ(depth(), 1U);
}

TEST_F(C2dServiceTest, AnEmptyQueueNeverTouchesTheDisk) {
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(send("a"), "");
  EXPECT_EQ(settle(receive()->lock, kComplete), "");
  commands.head_reads = commands.record_reads = 0;
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(commands.head_reads + commands.record_reads, 0);
}

TEST_F(C2dServiceTest, NobodySeesAMessageBeforeItIsOnDisk) {
  commands.slow = true;
  const Answer answer = begin_send(message("a"));
  EXPECT_FALSE(*answer);
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(depth(), 1U);
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(**answer, "");
  EXPECT_EQ(receive_body(), "a");
}

TEST_F(C2dServiceTest, ASendThatTheDiskRefusesLeavesNothing) {
  commands.slow = true;
  const Answer answer = begin_send(message("a"));
  commands.commit_one(false);
  shard.run_until_idle();
  EXPECT_EQ(**answer, "ServiceUnavailable");
  EXPECT_EQ(depth(), 0U);
}

TEST_F(C2dServiceTest, AbandonCountsAndTheMessageIsBackAtItsPlace) {
  send("a");
  send("b");
  const auto a = receive();
  EXPECT_EQ(settle(a->lock, kAbandon), "");
  const auto again = receive();
  EXPECT_EQ(body_of(again), "a");
  EXPECT_EQ(again->delivery_count, 1U);
  EXPECT_NE(again->lock, a->lock);
  EXPECT_EQ(again->sequence, a->sequence);
  EXPECT_EQ(settle(a->lock, kComplete), "DeviceMessageLockLost");
}

TEST_F(C2dServiceTest, AMessageIsDeliveredAsOftenAsAllowedAndThenDeadLettered) {
  send("a", "negative");
  for (uint32_t i = 0; i < 10; ++i) {
    const auto delivery = receive();
    ASSERT_EQ(body_of(delivery), "a") << i;
    EXPECT_EQ(delivery->delivery_count, i);
    EXPECT_EQ(settle(delivery->lock, kAbandon), "");
  }
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(depth(), 0U);
  EXPECT_EQ(feedback(), "a:DeliveryCountExceeded");
}

TEST_F(C2dServiceTest, ALockThatRunsOutIsNotCounted) {
  send("a");
  WokenSession session(shard.executor);
  (void)sessions.claim({"d", ""}, session.link);
  const auto a = receive();
  advance(59'999);
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(session.wakes, 0);
  advance(1);
  EXPECT_EQ(session.wakes, 1);
  const auto again = receive();
  EXPECT_EQ(body_of(again), "a");
  EXPECT_EQ(again->delivery_count, 0U);
  EXPECT_EQ(settle(a->lock, kComplete), "DeviceMessageLockLost") << "a stale lock";
  EXPECT_EQ(settle(again->lock, kComplete), "");
}

TEST_F(C2dServiceTest, ALockIsLostAtItsEndEvenBeforeTheTick) {
  send("a");
  const auto a = receive({"d", ""}, 5000);
  shard.advance(5000);
  EXPECT_EQ(settle(a->lock, kComplete), "DeviceMessageLockLost");
  EXPECT_EQ(depth(), 1U);
}

TEST_F(C2dServiceTest, WhatIsReleasedIsBackAtOnceAndUncounted) {
  send("a");
  send("b");
  WokenSession session(shard.executor);
  (void)sessions.claim({"d", ""}, session.link);
  const auto a = receive();
  const auto b = receive();
  const std::vector<LockToken> locks{a->lock, b->lock, LockToken::make()};
  service->release({"d", ""}, locks);
  shard.run_until_idle();
  EXPECT_EQ(session.wakes, 1);
  EXPECT_EQ(settle(a->lock, kComplete), "DeviceMessageLockLost");
  const auto again = receive();
  EXPECT_EQ(body_of(again), "a");
  EXPECT_EQ(again->delivery_count, 0U);
  service->release({"d", ""}, locks);
  EXPECT_EQ(settle(again->lock, kComplete), "") << "old locks release nothing";
}

TEST_F(C2dServiceTest, TheSessionIsWokenWhenAMessageIsOnDiskOrBack) {
  WokenSession session(shard.executor);
  (void)sessions.claim({"d", ""}, session.link);
  send("a");
  EXPECT_EQ(session.wakes, 1);
  EXPECT_EQ(settle(receive()->lock, kAbandon), "");
  EXPECT_EQ(session.wakes, 2);
  EXPECT_EQ(settle(receive()->lock, kComplete), "");
  EXPECT_EQ(session.wakes, 2);
}

TEST_F(C2dServiceTest, SettlingTwiceIsALostLock) {
  send("a", "full");
  const auto a = receive();
  commands.slow = true;
  const Answer first = begin_settle(a->lock, kComplete);
  for (const auto outcome : {kComplete, kReject, kAbandon}) {
    EXPECT_EQ(settle(a->lock, outcome), "DeviceMessageLockLost") << "while the first is on its way";
  }
  EXPECT_EQ(depth(), 1U);
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(**first, "");
  EXPECT_EQ(settle(a->lock, kComplete), "DeviceMessageLockLost");
  EXPECT_EQ(feedback(), "a:Success");
}

TEST_F(C2dServiceTest, AMessageWhoseEndTheDiskRefusesStaysWithItsLock) {
  send("a");
  const auto a = receive();
  for (const auto outcome : {kComplete, kReject, kAbandon}) {
    commands.slow = true;
    const Answer answer = begin_settle(a->lock, outcome);
    EXPECT_EQ(receive_body(), "-") << "invisible meanwhile";
    commands.commit_one(false);
    shard.run_until_idle();
    EXPECT_EQ(**answer, "ServiceUnavailable");
    EXPECT_EQ(depth(), 1U);
  }
  commands.slow = false;
  EXPECT_EQ(settle(a->lock, kAbandon), "");
  EXPECT_EQ(receive()->delivery_count, 1U);
}

TEST_F(C2dServiceTest, ALockThatRunsOutWhileTheDiskRefusesEndsAtTheNextTick) {
  send("a");
  const auto a = receive();
  commands.slow = true;
  const Answer answer = begin_settle(a->lock, kComplete);
  advance(61'000);
  EXPECT_EQ(receive_body(), "-") << "being settled, whatever the time";
  commands.commit_one(false);
  shard.run_until_idle();
  advance(1);
  EXPECT_EQ(receive_body(), "a");
}

TEST_F(C2dServiceTest, ASettlementTakesPlaceEvenIfTheLockRunsOutOnTheWay) {
  send("a");
  const auto a = receive();
  commands.slow = true;
  const Answer answer = begin_settle(a->lock, kComplete);
  advance(61'000);
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(**answer, "");
  EXPECT_EQ(depth(), 0U);
}

TEST_F(C2dServiceTest, TheQueueTakesFiftyLockedOnesIncluded) {
  for (int i = 0; i < 50; ++i) ASSERT_EQ(send("x"), "") << i;
  EXPECT_EQ(send("y"), "DeviceMaximumQueueDepthExceeded");
  const auto first = receive();
  EXPECT_EQ(send("y"), "DeviceMaximumQueueDepthExceeded");
  EXPECT_EQ(settle(first->lock, kComplete), "");
  EXPECT_EQ(send("y"), "");
  EXPECT_EQ(send("y"), "DeviceMaximumQueueDepthExceeded");
  add({"e", ""});
  EXPECT_EQ(send("y", "", {"e", ""}), "") << "each identity has its own";
}

TEST_F(C2dServiceTest, ThoseThatWaitForTheDiskCountToo) {
  options.queue_depth = 2;
  start();
  commands.slow = true;
  const Answer a = begin_send(message("a"));
  const Answer b = begin_send(message("b"));
  EXPECT_EQ(send("c"), "DeviceMaximumQueueDepthExceeded");
  commands.commit_one(false);
  shard.run_until_idle();
  EXPECT_EQ(**a, "ServiceUnavailable");
  commands.slow = false;
  EXPECT_EQ(send("c"), "") << "a refused one takes no room";
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(**b, "");
}

TEST_F(C2dServiceTest, UnknownIdentities) {
  EXPECT_EQ(send("a", "", {"nobody", ""}), "DeviceNotFound");
  EXPECT_EQ(send("a", "", {"d", "m"}), "ModuleNotFound");
  EXPECT_EQ(purge({"nobody", ""}), "DeviceNotFound");
  EXPECT_EQ(settle(LockToken::make(), kComplete, {"nobody", ""}), "DeviceMessageLockLost");
  EXPECT_EQ(body_of(receive({"nobody", ""})), "-");
}

TEST_F(C2dServiceTest, AModuleHasAQueueOfItsOwn) {
  add({"d", "m"});
  EXPECT_EQ(send("for m", "", {"d", "m"}), "");
  EXPECT_EQ(receive_body(), "-");
  const auto delivery = receive({"d", "m"});
  EXPECT_EQ(body_of(delivery), "for m");
  EXPECT_EQ(settle(delivery->lock, kComplete), "DeviceMessageLockLost") << "the lock is the module's";
  EXPECT_EQ(settle(delivery->lock, kComplete, {"d", "m"}), "");
}

TEST_F(C2dServiceTest, PurgeEndsEverythingThatIsNotBeingSettled) {
  EXPECT_EQ(purge(), "0");
  for (const auto* body : {"settling", "locked", "ready", "silent"}) {
    send(body, body == std::string("silent") ? "positive" : "full");
  }
  const auto settling = receive();
  const auto locked = receive();
  commands.slow = true;
  const Answer done = begin_settle(settling->lock, kComplete);
  std::optional<uint64_t> purged;
  service->purge({"d", ""}, shard.executor, [&](const HubResult<uint64_t>& r) { purged = r.value(); });
  EXPECT_EQ(settle(locked->lock, kComplete), "DeviceMessageLockLost");
  commands.commit_one();
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(purged, 3U);
  EXPECT_EQ(**done, "");
  EXPECT_EQ(depth(), 0U);
  EXPECT_EQ(feedback(), "settling:Success locked:Purged ready:Purged");
}

TEST_F(C2dServiceTest, FeedbackIsWhatTheSenderAskedFor) {
  const auto end_as = [&](const char* id, const char* ack, C2dOutcome outcome) {
    ASSERT_EQ(send(id, ack), "");
    ASSERT_EQ(settle(receive()->lock, outcome), "");
  };
  for (const auto outcome : {kComplete, kReject}) {
    const std::string o = outcome == kComplete ? "c" : "r";
    for (const auto* ack : {"", "none", "positive", "negative", "full", "FULL"}) {
      end_as((o + "-" + ack).c_str(), ack, outcome);
    }
  }
  EXPECT_EQ(feedback(),
            "c-positive:Success c-full:Success c-FULL:Success r-negative:Rejected r-full:Rejected r-FULL:Rejected");
}

TEST_F(C2dServiceTest, ADeletedIdentityTakesItsQueueAlongAndItsNamesakeBeginsEmpty) {
  add({"d", "m"});
  send("old", "full");
  send("old m", "full", {"d", "m"});
  const C2dService::Caller old{{"d", ""}, registry.get({"d", ""})->generation_id};
  const auto locked = receive();
  erase({"d", ""});
  EXPECT_EQ(depth(), 0U);
  EXPECT_EQ(settle(locked->lock, kComplete), "DeviceMessageLockLost");
  add({"d", ""});
  add({"d", "m"});
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(body_of(receive({"d", "m"})), "-");
  EXPECT_EQ(send("new"), "");
  EXPECT_FALSE(service->receive(old)) << "a connection of the deleted one";
  EXPECT_EQ(receive_body(), "new");
  EXPECT_EQ(depth(), 1U);
  EXPECT_EQ(feedback(), "");
}

TEST_F(C2dServiceTest, WordOfADeletionThatComesLateSparesTheNamesakesQueue) {
  send("old");
  erase({"d", ""});
  add({"d", ""});
  send("new");
  service->on_identity_erased({"d", ""});
  EXPECT_EQ(depth(), 1U);
  EXPECT_EQ(receive_body(), "new");
}

TEST_F(C2dServiceTest, AnIdentityThatGoesWhileItsMessageIsOnTheWay) {
  commands.slow = true;
  const Answer sending = begin_send(message("a"));
  erase({"d", ""});
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(**sending, "DeviceNotFound");
  commands.slow = false;
  add({"d", ""});
  send("b");
  const auto b = receive();
  commands.slow = true;
  const Answer settling = begin_settle(b->lock, kComplete);
  const Answer nothing = begin_settle(b->lock, kAbandon);
  erase({"d", ""});
  commands.commit_one();
  shard.run_until_idle();
  EXPECT_EQ(**settling, "DeviceMessageLockLost");
}

TEST_F(C2dServiceTest, AfterARestartWhatWasLockedIsDeliveredAgainWithItsCount) {
  for (const auto* body : {"a", "b", "c"}) send(body);
  EXPECT_EQ(settle(receive()->lock, kAbandon), "");
  const auto a = receive();
  EXPECT_EQ(settle(receive()->lock, kComplete), "");  // b
  const uint64_t last = receive()->sequence;
  start();
  commands.head_reads = 0;
  EXPECT_EQ(depth(), 2U);
  EXPECT_EQ(commands.head_reads, 0) << "counts alone are known at first";
  EXPECT_EQ(settle(a->lock, kComplete), "DeviceMessageLockLost");
  const auto again = receive();
  EXPECT_EQ(body_of(again), "a");
  EXPECT_EQ(again->delivery_count, 1U);
  EXPECT_EQ(receive_body(), "c");
  EXPECT_EQ(receive_body(), "-");
  send("d");
  EXPECT_GT(receive()->sequence, last);
}

TEST_F(C2dServiceTest, AMessageWhoseContentIsLostIsPassedOverUntilItExpires) {
  send("a", "full");
  send("b");
  commands.damaged = 1;
  EXPECT_EQ(receive_body(), "b");
  EXPECT_EQ(receive_body(), "-");
  EXPECT_EQ(depth(), 2U);
  advance(3600'000);
  EXPECT_EQ(feedback(), "a:Expired");
}

TEST_F(C2dServiceTest, AReadThatFailsIsTriedAgainWhenTheLockHasRunOut) {
  send("a");
  WokenSession session(shard.executor);
  (void)sessions.claim({"d", ""}, session.link);
  commands.unreadable = true;
  EXPECT_EQ(receive_body(), "-");
  commands.unreadable = false;
  EXPECT_EQ(receive_body(), "-");
  advance(60'000);
  EXPECT_EQ(session.wakes, 1);
  EXPECT_EQ(receive_body(), "a");
}

}  // namespace
}  // namespace nave::hub
