// Old segments go, by age and by size; their files come back as new ones.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/store/embedded/log/log_rig.h"

namespace nave::test {
namespace {

constexpr size_t kPerSegment = 50;

std::vector<std::string> events(size_t n) {
  return std::vector<std::string>(n, std::string(100, 'e'));
}

size_t segment_files(const LogRig& rig) {
  const auto names = rig.files.names();
  return static_cast<size_t>(std::count_if(names.begin(), names.end(), [](const std::string& name) {
    return name.ends_with(".seg") && name != "/log/spare.seg";
  }));
}

bool has_spare(const LogRig& rig) {
  const auto names = rig.files.names();
  return std::count(names.begin(), names.end(), "/log/spare.seg") == 1;
}

TEST(LogRetention, SegmentsOlderThanTheTimeExpireWhole) {
  LogRig rig;
  rig.retention_time = std::chrono::hours(1);
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, events(kPerSegment * 4)), kPerSegment * 4);
  const size_t before = segment_files(rig);
  ASSERT_GE(before, 4u);
  rig.clock.advance(std::chrono::hours(1));
  rig.log->housekeep();
  EXPECT_EQ(segment_files(rig), before) << "exactly as old as the limit";
  rig.clock.advance(std::chrono::milliseconds(1));
  rig.log->housekeep();
  EXPECT_EQ(segment_files(rig), 1u) << "only the active one stays";
  EXPECT_TRUE(has_spare(rig));
  const hub::PartitionInfo info = rig.log->info(PartitionId{0});
  EXPECT_GT(info.begin_sequence.value(), 100);
  EXPECT_EQ(info.last_sequence.value(), static_cast<int64_t>(kPerSegment * 4 - 1));
  const auto batch = read_batch(*rig.log, 0, 0, 1);
  ASSERT_EQ(batch->events.size(), 1u);
  EXPECT_EQ(batch->events[0].sequence, info.begin_sequence);
  const hub::EventPosition old{hub::EventPosition::Kind::kSequence, 3, false};
  EXPECT_EQ(rig.log->resolve(PartitionId{0}, old), info.begin_sequence);
  const hub::EventPosition time{hub::EventPosition::Kind::kEnqueuedTime, LogRig::kStartMs - 1, false};
  EXPECT_EQ(rig.log->resolve(PartitionId{0}, time), info.begin_sequence);
}

TEST(LogRetention, APartitionWhoseEventsAllExpiredIsEmptyButKeepsItsNumbers) {
  LogRig rig;
  rig.retention_time = std::chrono::hours(1);
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(1, events(3)), 3u);
  const UtcTime last = rig.log->info(PartitionId{1}).last_enqueued;
  ASSERT_EQ(rig.append(0, events(kPerSegment * 3)), kPerSegment * 3);
  rig.clock.advance(std::chrono::hours(2));
  rig.log->housekeep();
  for (int round = 0; round < 2; ++round) {
    const hub::PartitionInfo info = rig.log->info(PartitionId{1});
    EXPECT_TRUE(info.empty());
    EXPECT_EQ(info.begin_sequence.value(), 3);
    EXPECT_EQ(info.last_sequence.value(), 2);
    EXPECT_EQ(info.last_enqueued, last);
    EXPECT_TRUE(rig.payloads(1).empty());
    EXPECT_EQ(rig.log->resolve(PartitionId{1}, {hub::EventPosition::Kind::kEarliest, 0, false}).value(), 3);
    rig.close();
    ASSERT_EQ(rig.open(), "");
  }
  ASSERT_EQ(rig.append(1, {"next"}), 1u);
  EXPECT_EQ(read_all(*rig.log, 1), (std::vector<ReadEvent>{{3, "next"}}));
}

TEST(LogRetention, SegmentsBeyondTheSizeExpireOldestFirst) {
  LogRig rig;
  rig.retention_bytes = 3 * rig.segment_bytes;
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, events(kPerSegment * 6)), kPerSegment * 6);
  rig.log->housekeep();
  EXPECT_EQ(segment_files(rig), 3u);
  const auto all = read_all(*rig.log, 0);
  EXPECT_EQ(all.back().sequence, static_cast<int64_t>(kPerSegment * 6 - 1));
  EXPECT_EQ(all.size(), static_cast<size_t>(all.back().sequence - all.front().sequence + 1));
  rig.close();
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(read_all(*rig.log, 0), all);
}

// The old records of a recycled file are whole records at their old places, with all checksums right.
TEST(LogRetention, OldBytesOfARecycledSegmentNeverComeBack) {
  LogRig rig;
  rig.retention_bytes = 2 * rig.segment_bytes;
  ASSERT_EQ(rig.open(), "");
  size_t appended = 0;
  for (int round = 0; round < 60; ++round) {
    const std::vector<std::string> some(7, "round " + std::to_string(round) + std::string(100, '.'));
    ASSERT_EQ(rig.append(0, some), some.size());
    appended += some.size();
    rig.log->housekeep();
    const auto all = read_all(*rig.log, 0);
    rig.crash();
    ASSERT_EQ(rig.open(), "");
    ASSERT_EQ(read_all(*rig.log, 0), all) << "round " << round;
    ASSERT_EQ(all.back().sequence, static_cast<int64_t>(appended - 1));
    ASSERT_EQ(rig.corrupt_records(), 0u);
  }
  EXPECT_LE(segment_files(rig), 3u);
}

TEST(LogRetention, AReaderKeepsASegmentThatExpires) {
  LogRig rig;
  rig.retention_time = std::chrono::hours(1);
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, events(kPerSegment * 3)), kPerSegment * 3);
  // Reads that run while everything expires see whole events or the later begin, and report no damage.
  for (int64_t from = 0; from < 100; ++from) {
    if (from == 20) {
      rig.clock.advance(std::chrono::hours(2));
      rig.log->housekeep();
    }
    const auto batch = read_batch(*rig.log, 0, from, 5);
    ASSERT_FALSE(batch->events.empty());
    ASSERT_GE(batch->events[0].sequence.value(), from);
  }
  EXPECT_EQ(rig.corrupt_records(), 0u);
}

}  // namespace
}  // namespace nave::test
