#include "store/embedded/log/append_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "contract/event_log_helpers.h"

namespace nave::test {
namespace {

using store::embedded::AppendBatch;
using store::embedded::AppendQueue;
using store::embedded::PartitionEnd;
using store::embedded::record_bytes;

class AppendQueueTest : public testing::Test {
 protected:
  AppendQueue make(std::chrono::microseconds wait) {
    return AppendQueue({PartitionEnd{5, from_unix_ms(2000)}, PartitionEnd{}}, limits::kEventRecordBytesMax, wait,
                       clock_);
  }
  ManualClock clock_{from_unix_ms(1000)};
  OutcomeRecorder listener_;
  AppendBatch batch_;
};

TEST_F(AppendQueueTest, GivesEverythingAtOnceNumberedInOrder) {
  AppendQueue queue = make(std::chrono::microseconds(0));
  ASSERT_TRUE(queue.push(0, "a", {1, 2}, listener_));
  ASSERT_TRUE(queue.push(1, "b", {1, 3}, listener_));
  ASSERT_TRUE(queue.push(0, "c", {1, 4}, listener_));
  ASSERT_TRUE(queue.take(batch_));
  ASSERT_EQ(batch_.records.size(), 3u);
  EXPECT_EQ(batch_.records[0].sequence, 5);
  EXPECT_EQ(batch_.records[1].sequence, 0);
  EXPECT_EQ(batch_.records[2].sequence, 6);
  EXPECT_EQ(batch_.records[2].ticket.detail, 4u);
  EXPECT_EQ(batch_.records[0].enqueued, from_unix_ms(2000)) << "not before the last one on disk";
  EXPECT_EQ(batch_.bytes.size(), 3 * record_bytes(1));
}

TEST_F(AppendQueueTest, TakesNoMoreThanTheLimitUntilReleased) {
  AppendQueue queue = make(std::chrono::microseconds(0));
  const std::string big(limits::kEventRecordBytesMax, 'x');
  size_t taken = 0;
  while (queue.push(0, big, {}, listener_)) ++taken;
  EXPECT_EQ(taken, limits::kLogPendingBytesMax / record_bytes(big.size()));
  size_t rest = limits::kLogPendingBytesMax - queue.pending_bytes();
  // Exactly what is left fits; one byte more does not.
  ASSERT_FALSE(queue.push(0, std::string(rest - 48 + 1, 'y'), {}, listener_));
  ASSERT_TRUE(queue.push(0, std::string(rest - 48, 'y'), {}, listener_));
  EXPECT_EQ(queue.pending_bytes(), limits::kLogPendingBytesMax);
  ASSERT_TRUE(queue.take(batch_));
  EXPECT_FALSE(queue.push(0, "z", {}, listener_)) << "taken is still pending";
  queue.release(batch_);
  EXPECT_EQ(queue.pending_bytes(), 0u);
  EXPECT_TRUE(queue.push(0, "z", {}, listener_));
}

TEST_F(AppendQueueTest, GivesOutTheRestAfterClosing) {
  AppendQueue queue = make(std::chrono::seconds(100));
  ASSERT_TRUE(queue.push(0, "a", {}, listener_));
  queue.close();
  EXPECT_FALSE(queue.push(0, "b", {}, listener_));
  ASSERT_TRUE(queue.take(batch_));
  EXPECT_EQ(batch_.records.size(), 1u);
  queue.release(batch_);
  EXPECT_FALSE(queue.take(batch_));
}

// With a distance of hours between commits only 64 records or closing end the wait.
TEST_F(AppendQueueTest, ABatchThatFollowsCloselyWaitsForCompanyButNotForMoreThanEnough) {
  AppendQueue queue = make(std::chrono::hours(1));
  ASSERT_TRUE(queue.push(0, "first", {}, listener_));
  ASSERT_TRUE(queue.take(batch_)) << "after a pause there is no wait";
  EXPECT_EQ(batch_.records.size(), 1u);
  queue.release(batch_);
  std::thread writer([&] { ASSERT_TRUE(queue.take(batch_)); });
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(queue.push(0, "more", {}, listener_));
  writer.join();
  EXPECT_EQ(batch_.records.size(), 64u);
}

}  // namespace
}  // namespace nave::test
