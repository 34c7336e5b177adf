// What is in the log after the end came at a bad moment, or after bytes on the disk changed.
#include <gtest/gtest.h>

#include <algorithm>

#include "store/embedded/log/format.h"
#include "unit/store/embedded/log/log_rig.h"

namespace nave::test {
namespace {

using store::embedded::kSegmentDataStart;
using store::embedded::record_bytes;
using testing::Test;

const std::string kFirst = "/log/0000000000000001.seg";
const std::string kFirstIndex = "/log/0000000000000001.idx";

std::vector<std::string> numbered(size_t from, size_t to, size_t length = 100) {
  std::vector<std::string> all;
  for (size_t i = from; i < to; ++i) {
    std::string payload = "event " + std::to_string(i) + " ";
    payload.resize(std::max(payload.size(), length), 'x');
    all.push_back(payload);
  }
  return all;
}

void damage(LogRig& rig, const std::string& name, uint64_t offset, size_t n = 1) {
  std::string bytes = rig.files.contents(name);
  for (size_t i = 0; i < n; ++i) bytes[offset + i] = static_cast<char>(bytes[offset + i] ^ 0x10);
  rig.files.set_contents(name, bytes);
}

TEST(LogRecovery, OpensWhatWasClosedAndGoesOn) {
  LogRig rig;
  ASSERT_EQ(rig.open(), "");
  const auto events = numbered(0, 10);
  ASSERT_EQ(rig.append(0, events), 10u);
  const UtcTime last = rig.log->info(PartitionId{0}).last_enqueued;
  rig.close();
  rig.clock.jump_utc(std::chrono::hours(-1));
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(rig.payloads(0), events);
  EXPECT_EQ(rig.log->info(PartitionId{0}).last_enqueued, last);
  EXPECT_TRUE(rig.log->info(PartitionId{1}).empty());
  ASSERT_EQ(rig.append(0, numbered(10, 12)), 2u);
  EXPECT_EQ(rig.payloads(0), numbered(0, 12));
  EXPECT_EQ(rig.log->info(PartitionId{0}).last_enqueued, last) << "time went back with the clock";
  EXPECT_EQ(rig.corrupt_records(), 0u);
}

TEST(LogRecovery, KeepsThePartitionCountItWasMadeWith) {
  LogRig rig;
  ASSERT_EQ(rig.open(), "");
  rig.close();
  rig.partitions = 8;
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(rig.log->partition_count(), 2);
}

TEST(LogRecovery, RefusesImpossibleOptions) {
  LogRig rig;
  for (const uint16_t count : {uint16_t{0}, uint16_t{129}}) {
    rig.partitions = count;
    EXPECT_NE(rig.open(), "");
  }
  rig.partitions = 128;
  EXPECT_EQ(rig.open(), "");
  LogRig small;
  small.segment_bytes = 16 * 1024 - 1;
  EXPECT_NE(small.open(), "");
}

// A commit of four records is cut at every byte: the three commits before it are whole, of the last one a prefix.
TEST(LogRecovery, RelaxedOutlivesTheProcessButNotThePower) {
  const std::vector<std::string> sent{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  for (const bool power_cut : {false, true}) {
    LogRig rig;
    rig.durability = store::embedded::Durability::kRelaxed;
    ASSERT_EQ(rig.open(), "");
    EXPECT_EQ(rig.append(0, sent), sent.size());
    rig.crash();
    if (power_cut) rig.files.lose_power([](size_t) { return false; });
    ASSERT_EQ(rig.open(), "");
    const std::vector<std::string> kept = rig.payloads(0);
    // The commits of one second share one synchronization, which is that of the first.
    EXPECT_EQ(kept.size() < sent.size(), power_cut);
    EXPECT_TRUE(std::equal(kept.begin(), kept.end(), sent.begin()));
    EXPECT_EQ(rig.corrupt_records(), 0U);
  }
}

TEST(LogRecovery, CutsATornCommitAtEveryByte) {
  LogRig rig;
  ASSERT_EQ(rig.open(), "");
  const auto acknowledged = numbered(0, 3);
  ASSERT_EQ(rig.append(0, acknowledged), 3u);
  const std::string before = rig.files.contents(kFirst);
  // One commit of four: they wait in the queue while the listener of a fifth holds the writer.
  struct Gate final : hub::AppendListener {
    std::mutex mutex;
    void on_appended(std::vector<hub::AppendOutcome>) override { const std::lock_guard lock(mutex); }
  } gate;
  OutcomeRecorder recorder;
  const uint64_t start = kSegmentDataStart + 4 * record_bytes(100);
  {
    const std::lock_guard hold(gate.mutex);
    ASSERT_TRUE(rig.log->append(PartitionId{0}, numbered(3, 4)[0], {}, gate));
    for (;;) {
      if (rig.log->info(PartitionId{0}).last_sequence.value() == 3) break;
      std::this_thread::yield();
    }
    for (const std::string& payload : numbered(4, 8)) {
      ASSERT_TRUE(rig.log->append(PartitionId{0}, payload, {}, recorder));
    }
  }
  ASSERT_TRUE(recorder.wait_for(4));
  ASSERT_EQ(recorder.calls(), 1u);
  rig.crash();
  const std::string after = rig.files.contents(kFirst);
  const uint64_t end = start + 4 * record_bytes(100);
  for (uint64_t cut = start; cut <= end; ++cut) {
    LogRig again;
    again.files.set_contents(kFirst, after.substr(0, cut) + std::string(after.size() - cut, '\0'));
    ASSERT_EQ(again.open(), "");
    const size_t whole = 4 + std::min<size_t>(4, (cut - start + record_bytes(100) - 100 - 48) / record_bytes(100));
    ASSERT_EQ(again.payloads(0), numbered(0, whole)) << "cut at " << cut;
    ASSERT_EQ(again.append(0, {"goes on"}), 1u);
    again.crash();
    ASSERT_EQ(again.open(), "");
    auto expected = numbered(0, whole);
    expected.push_back("goes on");
    ASSERT_EQ(again.payloads(0), expected) << "cut at " << cut;
    ASSERT_EQ(again.corrupt_records(), 0u) << "cut at " << cut;
  }
}

// What a torn commit left behind the cut must not come back when new records end just before it.
TEST(LogRecovery, LeftOversBehindACutStayDead) {
  LogRig rig;
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, numbered(0, 6)), 6u);
  rig.crash();
  // Records 2 … 5 make one commit in this disk's story: only its first record got lost. Change commit numbers so.
  std::string bytes = rig.files.contents(kFirst);
  const auto header = store::embedded::decode_segment_header(bytes).value();
  const uint32_t seed = store::embedded::salt_seed(header.salt);
  for (size_t i = 2; i < 6; ++i) {
    const uint64_t at = kSegmentDataStart + i * record_bytes(100);
    store::embedded::place_record(bytes.data() + at, 3, static_cast<uint32_t>((i - 2) * record_bytes(100)), seed, at);
  }
  const uint64_t torn = kSegmentDataStart + 2 * record_bytes(100);
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(torn), record_bytes(100), '\0');
  rig.files.set_contents(kFirst, bytes);
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(rig.payloads(0), numbered(0, 2));
  EXPECT_EQ(rig.corrupt_records(), 0u);
  ASSERT_EQ(rig.append(0, {"new"}), 1u);
  rig.crash();
  ASSERT_EQ(rig.open(), "");
  auto expected = numbered(0, 2);
  expected.push_back("new");
  EXPECT_EQ(rig.payloads(0), expected);
  EXPECT_EQ(rig.corrupt_records(), 0u);
}

// Every byte of a record in the middle: what follows was acknowledged, so this one is corrupt, reported and skipped.
TEST(LogRecovery, SkipsAndReportsADamagedRecordWhateverByteChanged) {
  LogRig rig;
  ASSERT_EQ(rig.open(), "");
  const auto events = numbered(0, 5, 41);
  ASSERT_EQ(rig.append(0, events), 5u);
  ASSERT_EQ(rig.append(1, {"other"}), 1u);
  rig.crash();
  const std::string whole = rig.files.contents(kFirst);
  const uint64_t start = kSegmentDataStart + 2 * record_bytes(41);
  for (uint64_t at = start; at < start + 48 + 41; ++at) {
    LogRig again;
    again.files.set_contents(kFirst, whole);
    damage(again, kFirst, at);
    ASSERT_EQ(again.open(), "");
    auto expected = events;
    expected.erase(expected.begin() + 2);
    ASSERT_EQ(again.payloads(0), expected) << "at " << at - start;
    EXPECT_TRUE(read_batch(*again.log, 0, 2)->skipped_corrupt);
    ASSERT_EQ(again.corrupt_records(), 1u);
    ASSERT_EQ(again.log->info(PartitionId{0}).last_sequence.value(), 4);
    ASSERT_EQ(again.append(0, {"next"}), 1u);
    ASSERT_EQ(read_all(*again.log, 0).back(), (ReadEvent{5, "next"}));
    ASSERT_EQ(again.payloads(1), std::vector<std::string>{"other"});
  }
}

TEST(LogRecovery, ADamagedLastCommitOfAClosedLogIsCorruptNotTorn) {
  LogRig rig;
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, numbered(0, 3)), 3u);
  ASSERT_EQ(rig.append(1, {"one"}), 1u);
  rig.close();
  damage(rig, kFirst, kSegmentDataStart + 3 * record_bytes(100));
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(rig.corrupt_records(), 1u);
  // The mark behind it knows the sequence numbers.
  EXPECT_EQ(rig.log->info(PartitionId{1}).last_sequence.value(), 0);
  EXPECT_EQ(rig.log->info(PartitionId{0}).last_sequence.value(), 2);
  const auto batch = read_batch(*rig.log, 1, 0);
  EXPECT_TRUE(batch->events.empty());
  EXPECT_EQ(batch->next.value(), 1);
  ASSERT_EQ(rig.append(1, {"two"}), 1u);
  EXPECT_EQ(read_all(*rig.log, 1), (std::vector<ReadEvent>{{1, "two"}}));
}

// Partition 1's only record is unreadable and nothing later says how far it had come: its number is not used again.
TEST(LogRecovery, NeverUsesASequenceNumberOfADamagedRecordAgain) {
  LogRig rig;
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, {"a"}), 1u);
  ASSERT_EQ(rig.append(1, {"lost"}), 1u);
  ASSERT_EQ(rig.append(0, {"b"}), 1u);
  rig.crash();
  damage(rig, kFirst, kSegmentDataStart + record_bytes(1));
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(rig.log->info(PartitionId{0}).last_sequence.value(), 1);
  const int64_t last = rig.log->info(PartitionId{1}).last_sequence.value();
  EXPECT_GE(last, 0);
  ASSERT_EQ(rig.append(1, {"new"}), 1u);
  EXPECT_EQ(read_all(*rig.log, 1), (std::vector<ReadEvent>{{last + 1, "new"}}));
  rig.crash();
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(read_all(*rig.log, 1), (std::vector<ReadEvent>{{last + 1, "new"}}));
}

TEST(LogRecovery, OneCopyOfTheSegmentHeaderIsEnough) {
  for (const uint64_t copy : {0u, 4096u}) {
    LogRig rig;
    ASSERT_EQ(rig.open(), "");
    ASSERT_EQ(rig.append(0, numbered(0, 3)), 3u);
    rig.close();
    damage(rig, kFirst, copy + 100);
    ASSERT_EQ(rig.open(), "");
    EXPECT_EQ(rig.payloads(0), numbered(0, 3));
    EXPECT_EQ(rig.corrupt_records(), 0u);
  }
}

// Fills several segments of 16 KiB: about 50 records of 100 bytes in each.
void fill_segments(LogRig& rig) {
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, numbered(0, 170)), 170u);
  ASSERT_GE(rig.log->info(PartitionId{0}).last_sequence.value(), 169);
}

TEST(LogRecovery, ReadsAcrossSegmentsFromEverywhere) {
  LogRig rig;
  fill_segments(rig);
  const auto all = numbered(0, 170);
  for (int round = 0; round < 2; ++round) {
    for (size_t from = 0; from < all.size(); ++from) {
      const auto batch = read_batch(*rig.log, 0, static_cast<int64_t>(from), 3);
      ASSERT_FALSE(batch->events.empty());
      ASSERT_EQ(batch->events[0].sequence.value(), static_cast<int64_t>(from));
      ASSERT_EQ(batch->events[0].payload, all[from]);
    }
    rig.log->housekeep();
    rig.close();
    ASSERT_EQ(rig.open(), "");
  }
  EXPECT_EQ(rig.payloads(0), all);
}

TEST(LogRecovery, AMissingOrDamagedIndexIsMadeAgain) {
  LogRig rig;
  fill_segments(rig);
  rig.log->housekeep();
  const std::string index = rig.files.contents(kFirstIndex);
  rig.close();
  for (size_t at = 0; at < index.size(); at += 5) {
    damage(rig, kFirstIndex, at);
    ASSERT_EQ(rig.open(), "");
    ASSERT_EQ(rig.payloads(0), numbered(0, 170));
    rig.log->housekeep();
    ASSERT_EQ(rig.files.contents(kFirstIndex), index);
    rig.close();
  }
  (void)rig.files.remove(kFirstIndex);
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(rig.payloads(0), numbered(0, 170));
  rig.log->housekeep();
  EXPECT_EQ(rig.files.contents(kFirstIndex), index);
  EXPECT_EQ(rig.corrupt_records(), 0u);
}

TEST(LogRecovery, DamageInASealedSegmentIsFoundWithAndWithoutItsIndex) {
  for (const bool indexed : {true, false}) {
    LogRig rig;
    fill_segments(rig);
    if (indexed) rig.log->housekeep();
    rig.close();
    // The header of record 10, the payload of record 20.
    damage(rig, kFirst, kSegmentDataStart + 10 * record_bytes(100) + 20, 8);
    damage(rig, kFirst, kSegmentDataStart + 20 * record_bytes(100) + 60);
    ASSERT_EQ(rig.open(), "");
    auto expected = numbered(0, 170);
    expected.erase(expected.begin() + 20);
    expected.erase(expected.begin() + 10);
    EXPECT_EQ(rig.payloads(0), expected);
    EXPECT_EQ(rig.payloads(0), expected);
    EXPECT_EQ(rig.corrupt_records(), 2u) << "reported once each";
  }
}

TEST(LogRecovery, ALostTailOfASealedSegmentIsReported) {
  LogRig rig;
  fill_segments(rig);
  rig.close();
  const auto header = store::embedded::decode_segment_header(rig.files.contents("/log/0000000000000002.seg")).value();
  const auto in_first = static_cast<size_t>(header.base[0].next_sequence);
  damage(rig, kFirst, kSegmentDataStart + (in_first - 1) * record_bytes(100));
  ASSERT_EQ(rig.open(), "");
  EXPECT_EQ(rig.corrupt_records(), 1u);
  auto expected = numbered(0, 170);
  expected.erase(expected.begin() + static_cast<ptrdiff_t>(in_first) - 1);
  EXPECT_EQ(rig.payloads(0), expected);
}

TEST(LogRecovery, ASegmentWithoutAHeaderIsPutAsideAndTheRestWorks) {
  for (const char* victim : {"/log/0000000000000001.seg", "/log/0000000000000002.seg"}) {
    LogRig rig;
    fill_segments(rig);
    rig.close();
    damage(rig, victim, 100);
    damage(rig, victim, 4096 + 100);
    ASSERT_EQ(rig.open(), "");
    const auto names = rig.files.names();
    EXPECT_TRUE(std::count(names.begin(), names.end(), std::string(victim) + ".damaged"));
    EXPECT_EQ(rig.corrupt_records(), 1u);
    const auto rest = rig.payloads(0);
    EXPECT_GT(rest.size(), 50u);
    EXPECT_LT(rest.size(), 170u);
    EXPECT_EQ(rest.back(), numbered(169, 170)[0]);
    ASSERT_EQ(rig.append(0, {"next"}), 1u);
    EXPECT_EQ(read_all(*rig.log, 0).back(), (ReadEvent{170, "next"}));
  }
}

TEST(LogRecovery, TheNewestSegmentWithoutAHeaderDoesNotBringSequenceNumbersBack) {
  LogRig rig;
  fill_segments(rig);
  rig.close();
  std::string newest;
  for (const std::string& name : rig.files.names()) {
    if (name.ends_with(".seg") && name != "/log/spare.seg") newest = name;
  }
  damage(rig, newest, 100);
  damage(rig, newest, 4096 + 100);
  ASSERT_EQ(rig.open(), "");
  ASSERT_EQ(rig.append(0, {"next"}), 1u);
  EXPECT_GE(read_all(*rig.log, 0).back().sequence, 170);
}

}  // namespace
}  // namespace nave::test
