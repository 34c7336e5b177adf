// What every event log must do (hub/ports.h), on memory and on segment files.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <limits>
#include <thread>

#include "base/limits.h"
#include "contract/event_log_helpers.h"
#include "store/embedded/log/segment_log.h"
#include "store/memory/event_log.h"
#include "support/thread_executor.h"

namespace nave::test {
namespace {

using hub::EventPosition;
using Kind = hub::EventPosition::Kind;

constexpr int64_t kStartMs = 1'786'784'856'000;
constexpr uint16_t kPartitions = 4;

class LogHolder {
 public:
  virtual ~LogHolder() = default;
  virtual hub::EventLog& log() = 0;
};

class MemoryHolder final : public LogHolder {
 public:
  explicit MemoryHolder(const Clock& clock) : log_(kPartitions, clock, executor_) {}
  hub::EventLog& log() override { return log_; }

 private:
  ThreadExecutor executor_;
  store::memory::MemoryEventLog log_;
};

class EmbeddedHolder final : public LogHolder {
 public:
  explicit EmbeddedHolder(const Clock& clock) {
    char folder[] = "/tmp/nave-event-log-XXXXXX";
    folder_ = ::mkdtemp(folder);
    store::embedded::LogOptions options;
    options.directory = folder_ + "/events";
    options.partition_count = kPartitions;
    options.housekeeping_thread = false;
    // Small segments, so that the suite crosses their borders.
    options.segment_bytes = options.first_segment_bytes = 1280 * 1024;
    log_ = store::embedded::SegmentLog::open(files_, std::move(options), clock, metrics_).value();
  }
  ~EmbeddedHolder() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }
  hub::EventLog& log() override { return *log_; }

 private:
  std::string folder_;
  store::embedded::PosixFileSystem files_;
  Metrics metrics_;
  std::unique_ptr<store::embedded::SegmentLog> log_;
};

class EventLogContract : public testing::TestWithParam<const char*> {
 protected:
  EventLogContract() : clock_(from_unix_ms(kStartMs)) {
    if (GetParam() == std::string("memory")) {
      holder_ = std::make_unique<MemoryHolder>(clock_);
    } else {
      holder_ = std::make_unique<EmbeddedHolder>(clock_);
    }
  }
  hub::EventLog& log() { return holder_->log(); }

  void append(uint16_t partition, std::string_view payload) {
    ASSERT_TRUE(log().append(PartitionId{partition}, payload, {1, appended_}, recorder_));
    ASSERT_TRUE(recorder_.wait_for(++appended_));
  }
  int64_t resolve(Kind kind, int64_t value = 0, bool inclusive = false) {
    return log().resolve(PartitionId{0}, {kind, value, inclusive}).value();
  }

  ManualClock clock_;
  OutcomeRecorder recorder_;
  std::unique_ptr<LogHolder> holder_;
  size_t appended_ = 0;
};

TEST_P(EventLogContract, AnEmptyPartitionHasNoLastEvent) {
  EXPECT_EQ(log().partition_count(), kPartitions);
  const hub::PartitionInfo info = log().info(PartitionId{3});
  EXPECT_TRUE(info.empty());
  EXPECT_EQ(info.begin_sequence.value(), 0);
  EXPECT_EQ(info.last_sequence.value(), -1);
  EXPECT_EQ(info.last_offset, -1);
  EXPECT_EQ(info.last_enqueued, kNever);
  const auto batch = read_batch(log(), 3, 0);
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->events.empty());
  EXPECT_EQ(batch->next.value(), 0);
}

TEST_P(EventLogContract, AcknowledgesEachAppendWithItsTicketAndSequenceNumber) {
  for (uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(log().append(PartitionId{static_cast<uint16_t>(i % 2)}, "x", {7, i}, recorder_));
  }
  ASSERT_TRUE(recorder_.wait_for(10));
  const auto outcomes = recorder_.outcomes();
  for (uint64_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(outcomes[i].ok);
    EXPECT_EQ(outcomes[i].ticket.owner, 7u);
    EXPECT_EQ(outcomes[i].ticket.detail, i);
    EXPECT_EQ(outcomes[i].sequence.value(), static_cast<int64_t>(i / 2));
  }
}

TEST_P(EventLogContract, ReadsBackWhatWasAppended) {
  append(1, "first");
  append(2, "other partition");
  clock_.advance(std::chrono::milliseconds(250));
  append(1, "second");
  const auto batch = read_batch(log(), 1, 0);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->events.size(), 2u);
  EXPECT_EQ(batch->events[0].payload, "first");
  EXPECT_EQ(batch->events[0].sequence.value(), 0);
  EXPECT_EQ(unix_ms(batch->events[0].enqueued), kStartMs);
  EXPECT_EQ(batch->events[1].payload, "second");
  EXPECT_EQ(unix_ms(batch->events[1].enqueued), kStartMs + 250);
  EXPECT_EQ(batch->next.value(), 2);
  EXPECT_FALSE(batch->skipped_corrupt);
  const hub::PartitionInfo info = log().info(PartitionId{1});
  EXPECT_EQ(info.begin_sequence.value(), 0);
  EXPECT_EQ(info.last_sequence.value(), 1);
  EXPECT_EQ(info.last_offset, 1);
  EXPECT_EQ(unix_ms(info.last_enqueued), kStartMs + 250);
}

TEST_P(EventLogContract, AReadStopsAtTheEventAndTheByteLimitButGivesAtLeastOne) {
  for (int i = 0; i < 5; ++i) append(0, std::string(100, 'a'));
  EXPECT_EQ(read_batch(log(), 0, 0, 3)->events.size(), 3u);
  EXPECT_EQ(read_batch(log(), 0, 0, 3)->next.value(), 3);
  EXPECT_EQ(read_batch(log(), 0, 0, 10, 1)->events.size(), 1u);
  EXPECT_EQ(read_batch(log(), 0, 0, 10, 200)->events.size(), 2u);
  EXPECT_EQ(read_batch(log(), 0, 0, 10, 201)->events.size(), 3u);
  EXPECT_EQ(read_batch(log(), 0, 4, 10)->events.size(), 1u);
  EXPECT_TRUE(read_batch(log(), 0, 5, 10)->events.empty());
}

TEST_P(EventLogContract, TakesPayloadsUpToTheLimit) {
  const std::string longest(limits::kEventRecordBytesMax, 'z');
  append(0, "");
  append(0, longest);
  append(0, longest);
  EXPECT_FALSE(log().append(PartitionId{0}, longest + "z", {}, recorder_));
  const auto all = read_all(log(), 0);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].payload, "");
  EXPECT_EQ(all[1].payload, longest);
  EXPECT_EQ(all[2].sequence, 2);
}

TEST_P(EventLogContract, ResolvesPositionsBySequenceNumber) {
  EXPECT_EQ(resolve(Kind::kEarliest), 0);
  EXPECT_EQ(resolve(Kind::kLatest), 0);
  for (int i = 0; i < 10; ++i) append(0, "e");
  EXPECT_EQ(resolve(Kind::kEarliest), 0);
  EXPECT_EQ(resolve(Kind::kLatest), 10);
  for (const Kind kind : {Kind::kSequence, Kind::kOffset}) {
    EXPECT_EQ(resolve(kind, -1), 0);
    EXPECT_EQ(resolve(kind, 0), 1);
    EXPECT_EQ(resolve(kind, 0, true), 0);
    EXPECT_EQ(resolve(kind, 4), 5);
    EXPECT_EQ(resolve(kind, 4, true), 4);
    EXPECT_EQ(resolve(kind, 9), 10);
    EXPECT_EQ(resolve(kind, 10, true), 10);
    EXPECT_EQ(resolve(kind, std::numeric_limits<int64_t>::max()), 10);
    EXPECT_EQ(resolve(kind, std::numeric_limits<int64_t>::min()), 0);
  }
}

TEST_P(EventLogContract, ResolvesPositionsByTime) {
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs), 0);
  // Two events in each of five milliseconds that are 10 apart.
  for (int i = 0; i < 5; ++i) {
    append(0, "a");
    append(0, "b");
    clock_.advance(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs - 1), 0);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs, true), 0);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs), 2);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs + 15), 4);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs + 20, true), 4);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs + 20), 6);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs + 40, true), 8);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, kStartMs + 40), 10);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, std::numeric_limits<int64_t>::max(), true), 10);
  EXPECT_EQ(resolve(Kind::kEnqueuedTime, std::numeric_limits<int64_t>::min()), 0);
}

TEST_P(EventLogContract, EnqueuedTimesDoNotGoBackWithTheClock) {
  append(0, "a");
  clock_.jump_utc(std::chrono::seconds(-3600));
  append(0, "b");
  const auto batch = read_batch(log(), 0, 0);
  ASSERT_EQ(batch->events.size(), 2u);
  EXPECT_EQ(batch->events[1].enqueued, batch->events[0].enqueued);
}

TEST_P(EventLogContract, WaitingEndsWhenTheEventIsThere) {
  BlockingQueue queue;
  int ready = 0;
  append(0, "a");
  (void)log().wait(PartitionId{0}, SequenceNumber{0}, queue, [&] { ready += 1; });
  ASSERT_TRUE(queue.run_one());
  EXPECT_EQ(ready, 1);
  (void)log().wait(PartitionId{0}, SequenceNumber{2}, queue, [&] { ready += 10; });
  (void)log().wait(PartitionId{1}, SequenceNumber{0}, queue, [&] { ready += 100; });
  append(0, "b");
  EXPECT_TRUE(queue.idle());
  append(0, "c");
  ASSERT_TRUE(queue.run_one());
  EXPECT_EQ(ready, 11);
  EXPECT_EQ(read_all(log(), 0).size(), 3u);
  append(1, "d");
  ASSERT_TRUE(queue.run_one());
  EXPECT_EQ(ready, 111);
}

TEST_P(EventLogContract, ACancelledWaitDoesNotEnd) {
  BlockingQueue queue;
  bool cancelled_ran = false;
  bool other_ran = false;
  const uint64_t handle = log().wait(PartitionId{0}, SequenceNumber{0}, queue, [&] { cancelled_ran = true; });
  (void)log().wait(PartitionId{0}, SequenceNumber{0}, queue, [&] { other_ran = true; });
  log().cancel_wait(handle);
  log().cancel_wait(handle);
  append(0, "a");
  ASSERT_TRUE(queue.run_one());
  EXPECT_TRUE(other_ran);
  EXPECT_FALSE(cancelled_ran);
  EXPECT_TRUE(queue.idle());
}

TEST_P(EventLogContract, WaitsAndCancelsRaceWithAppends) {
  constexpr int kRounds = 500;
  BlockingQueue queue;
  std::atomic<int> fired{0};
  std::thread appender([&] {
    for (int i = 0; i < kRounds; ++i) {
      if (!log().append(PartitionId{0}, "r", {}, recorder_)) ADD_FAILURE();
    }
  });
  int cancelled = 0;
  for (int i = 0; i < kRounds; ++i) {
    const uint64_t handle = log().wait(PartitionId{0}, SequenceNumber{i}, queue, [&] { fired += 1; });
    if (i % 2 == 1) {
      log().cancel_wait(handle);
      cancelled += 1;
    }
  }
  appender.join();
  // Those that were not cancelled end; those that were may.
  while (fired < kRounds - cancelled) ASSERT_TRUE(queue.run_one());
  EXPECT_TRUE(recorder_.wait_for(kRounds));
}

TEST_P(EventLogContract, ManyThreadsKeepOrderAndLeaveNoGaps) {
  constexpr size_t kThreads = 8;
  constexpr size_t kEach = 500;
  std::vector<OutcomeRecorder> recorders(kThreads);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kEach; ++i) {
        const std::string payload = std::to_string(t) + "/" + std::to_string(i) + std::string(i % 977, '.');
        if (!log().append(PartitionId{static_cast<uint16_t>(t % 2)}, payload, {t, i}, recorders[t])) ADD_FAILURE();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t t = 0; t < kThreads; ++t) {
    ASSERT_TRUE(recorders[t].wait_for(kEach));
    const auto outcomes = recorders[t].outcomes();
    for (size_t i = 0; i < kEach; ++i) {
      ASSERT_TRUE(outcomes[i].ok);
      ASSERT_EQ(outcomes[i].ticket.detail, i);
    }
    EXPECT_LE(recorders[t].calls(), kEach);
  }
  for (uint16_t p = 0; p < 2; ++p) {
    const auto all = read_all(log(), p, 0, 100);
    ASSERT_EQ(all.size(), kThreads / 2 * kEach);
    std::vector<size_t> next(kThreads, 0);
    for (size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(all[i].sequence, static_cast<int64_t>(i));
      const size_t t = static_cast<size_t>(all[i].payload[0] - '0');
      const std::string head = std::to_string(t) + "/" + std::to_string(next[t]);
      ASSERT_EQ(all[i].payload, head + std::string(next[t] % 977, '.'));
      ++next[t];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, EventLogContract, testing::Values("memory", "embedded"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace nave::test
