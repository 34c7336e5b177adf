#include "hub/c2d/feedback.h"

#include <gtest/gtest.h>

#include "hub/c2d/feedback_json.h"
#include "json/parse.h"
#include "unit/hub/c2d/c2d_rig.h"

namespace nave::hub {
namespace {

class FeedbackTest : public C2dRig {
 protected:
  FeedbackQueue& queue() { return service->feedback(); }
  // `n` messages with ids f0, f1, … end.
  void make(int n) {
    for (int i = 0; i < n; ++i) {
      ASSERT_EQ(send("f" + std::to_string(made++), "full"), "");
      ASSERT_EQ(settle(receive()->lock, C2dOutcome::kComplete), "");
    }
  }
  static size_t records(const std::optional<FeedbackDelivery>& delivery) {
    return delivery ? json::parse(delivery->json)->if_array()->size() : 0;
  }
  std::string settle_batch(const LockToken& lock, C2dOutcome outcome) {
    std::string out = "no answer";
    bool inside = true;
    queue().settle(lock, outcome, shard.executor, [&](const HubResult<void>& r) {
      EXPECT_FALSE(inside);
      out = text(r);
    });
    inside = false;
    shard.run_until_idle();
    return out;
  }
  int made = 0;
};

TEST_F(FeedbackTest, TheFirstBatchComesAtOnceTheNextAfterFifteenSecondsOrSixtyFourRecords) {
  EXPECT_FALSE(queue().receive());
  make(1);
  EXPECT_EQ(records(queue().receive()), 1U);
  make(63);
  advance(14'999);
  EXPECT_FALSE(queue().receive());
  advance(1);
  EXPECT_EQ(records(queue().receive()), 63U);
  make(63);
  EXPECT_FALSE(queue().receive());
  make(3);
  EXPECT_EQ(records(queue().receive()), 64U);
  EXPECT_FALSE(queue().receive()) << "two are left";
  advance(15'000);
  EXPECT_EQ(records(queue().receive()), 2U);
}

TEST_F(FeedbackTest, TheBodyIsExactlyWhatTheSdksParse) {
  send("id-1", "full");
  ASSERT_EQ(settle(receive()->lock, C2dOutcome::kReject), "");
  const auto batch = queue().receive();
  EXPECT_EQ(batch->json,
            R"([{"originalMessageId":"id-1","enqueuedTimeUtc":"2026-08-15T09:07:36.0000000Z","statusCode":"Rejected",)"
            R"("description":"The message was rejected by the device","deviceId":"d","deviceGenerationId":"101"}])");
  EXPECT_EQ(batch->enqueued, shard.clock.utc());
  EXPECT_EQ(batch->delivery_count, 0U);
}

// Java reads the body through a text form that spells a backslash and every byte outside of 32–126 as \xNN.
TEST(FeedbackJson, JavaNeverSeesABackslashOrAByteThatIsNotPrintableAscii) {
  StoredFeedback f;
  f.feedback.message_id = "a\"b\\c\n\xc3\xa9\x7f~";
  f.feedback.device = "d";
  const std::string text = feedback_json({f, f});
  for (const char c : text) {
    EXPECT_TRUE(c >= 32 && c <= 126 && c != '\\') << static_cast<int>(c);
  }
  ASSERT_TRUE(json::parse(text));
  EXPECT_NE(text.find(R"("originalMessageId":"a?b?c????~")"), std::string::npos) << text;
}

TEST_F(FeedbackTest, CompleteAndRejectRemoveTheBatch) {
  for (const auto outcome : {C2dOutcome::kComplete, C2dOutcome::kReject}) {
    make(2);
    advance(15'000);
    const auto batch = queue().receive();
    EXPECT_EQ(settle_batch(batch->lock, outcome), "");
    EXPECT_EQ(settle_batch(batch->lock, outcome), "DeviceMessageLockLost");
    EXPECT_EQ(feedback(), "");
  }
}

TEST_F(FeedbackTest, AnAbandonedBatchIsBackAtOnceUntilItsDeliveriesAreUsedUp) {
  make(2);
  for (uint32_t i = 0; i < 10; ++i) {
    const auto batch = queue().receive();
    ASSERT_EQ(records(batch), 2U) << i;
    EXPECT_EQ(batch->delivery_count, i);
    EXPECT_EQ(settle_batch(batch->lock, C2dOutcome::kAbandon), "");
  }
  EXPECT_FALSE(queue().receive());
  EXPECT_EQ(feedback(), "");
}

TEST_F(FeedbackTest, ALockThatRunsOutOrIsReleasedIsUncounted) {
  make(1);
  const auto first = queue().receive();
  advance(59'999);
  EXPECT_FALSE(queue().receive());
  advance(1);
  EXPECT_EQ(settle_batch(first->lock, C2dOutcome::kComplete), "DeviceMessageLockLost");
  const auto second = queue().receive();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->delivery_count, 0U);
  const std::vector<LockToken> locks{first->lock, second->lock};
  queue().release(locks);
  EXPECT_EQ(queue().receive()->delivery_count, 0U);
}

TEST_F(FeedbackTest, ALockIsLostAtItsEndEvenBeforeTheTick) {
  make(1);
  const auto batch = queue().receive();
  shard.advance(60'000);
  EXPECT_EQ(settle_batch(batch->lock, C2dOutcome::kComplete), "DeviceMessageLockLost");
}

TEST_F(FeedbackTest, TheDiskRefuses) {
  make(1);
  const auto batch = queue().receive();
  for (const auto outcome : {C2dOutcome::kComplete, C2dOutcome::kAbandon}) {
    commands.slow = true;
    std::string answer;
    queue().settle(batch->lock, outcome, shard.executor, [&](const HubResult<void>& r) { answer = text(r); });
    EXPECT_EQ(settle_batch(batch->lock, outcome), "DeviceMessageLockLost") << "one at a time";
    commands.commit_one(false);
    shard.run_until_idle();
    EXPECT_EQ(answer, "ServiceUnavailable");
  }
  commands.slow = false;
  EXPECT_EQ(settle_batch(batch->lock, C2dOutcome::kComplete), "");
}

TEST_F(FeedbackTest, RecordsExpireAndAreNeverHandedOutThen) {
  make(1);
  const auto held = queue().receive();
  advance(1000);
  make(1);
  shard.advance(3600'000 - 1000 - 1);
  EXPECT_EQ(records(queue().receive()), 1U);
  shard.advance(60'000);
  queue().release(std::vector{held->lock});
  EXPECT_FALSE(queue().receive());
  advance(1);
  EXPECT_EQ(feedback(), "") << "cleared away";
}

TEST_F(FeedbackTest, AfterARestartEverythingThatWasNotSettledIsThere) {
  make(3);
  const auto batch = queue().receive();
  ASSERT_EQ(records(batch), 3U);
  make(1);
  start();
  EXPECT_EQ(settle_batch(batch->lock, C2dOutcome::kComplete), "DeviceMessageLockLost");
  EXPECT_EQ(records(queue().receive()), 4U);
}

TEST_F(FeedbackTest, AReceiverThatWaitsIsCalledOnceWhenThereIsABatch) {
  int calls = 0;
  const auto wait = [&] { return queue().wait(shard.executor, [&] { ++calls; }); };
  (void)wait();
  shard.run_until_idle();
  EXPECT_EQ(calls, 0);
  make(1);
  EXPECT_EQ(calls, 1);
  (void)wait();
  shard.run_until_idle();
  EXPECT_EQ(calls, 2) << "it was not received yet";
  const auto batch = queue().receive();
  (void)wait();
  const uint64_t cancelled = wait();
  queue().cancel_wait(cancelled);
  make(1);
  advance(14'999);
  EXPECT_EQ(calls, 2);
  advance(1);
  EXPECT_EQ(calls, 3) << "fifteen seconds";
  ASSERT_TRUE(queue().receive());
  (void)wait();
  EXPECT_EQ(settle_batch(batch->lock, C2dOutcome::kAbandon), "");
  EXPECT_EQ(calls, 4) << "a batch came back";
}

}  // namespace
}  // namespace nave::hub
