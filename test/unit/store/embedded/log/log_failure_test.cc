// The Nth call to the disk fails, for every N; and the power goes, with every unsynced sector kept, lost or torn.
#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "unit/store/embedded/log/log_rig.h"

namespace nave::test {
namespace {

constexpr size_t kEvents = 90;  // crosses a segment's end

std::string event(size_t i) {
  return "event " + std::to_string(i) + std::string(100, '.');
}

// What every reader and every restart must see: all that was acknowledged, in order, no gap, nothing twice, nothing
// that was not sent. Events that were not acknowledged may be there.
void expect_log_holds(LogRig& rig, size_t acknowledged, const char* when) {
  const auto all = read_all(*rig.log, 0);
  ASSERT_GE(all.size(), acknowledged) << when;
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].sequence, static_cast<int64_t>(i)) << when;
    ASSERT_EQ(all[i].payload, event(i)) << when;
  }
}

std::vector<std::string> events() {
  std::vector<std::string> all;
  for (size_t i = 0; i < kEvents; ++i) all.push_back(event(i));
  return all;
}

TEST(LogFailure, TheNthCallFailsForEveryN) {
  for (uint64_t n = 1;; ++n) {
    LogRig rig;
    rig.files.fail_call(n);
    size_t acknowledged = 0;
    if (rig.open().empty()) {
      acknowledged = rig.append(0, events());
      rig.log->housekeep();
      const bool refused = acknowledged < kEvents;
      ASSERT_EQ(rig.log->failed(), refused);
      if (refused) {
        OutcomeRecorder recorder;
        EXPECT_FALSE(rig.log->append(PartitionId{0}, "later", {}, recorder));
      }
      expect_log_holds(rig, acknowledged, "reading on after the failure");
      const size_t durable = read_all(*rig.log, 0).size();
      ASSERT_EQ(durable, acknowledged) << "what was refused must not be served";
      rig.close();
    }
    const bool done = !rig.files.has_failed();
    rig.files.fail_call(~uint64_t{0} / 2);
    ASSERT_EQ(rig.open(), "") << "call " << n;
    expect_log_holds(rig, acknowledged, "after the restart");
    ASSERT_EQ(rig.corrupt_records(), 0u) << "call " << n;
    if (done) break;
    ASSERT_LT(n, 10'000u);
  }
}

TEST(LogFailure, AfterAFailedSyncAndAPowerCutNothingAcknowledgedIsMissing) {
  for (uint64_t n = 1; n < 200; ++n) {
    LogRig rig;
    rig.files.fail_call(n);
    const size_t acknowledged = rig.open().empty() ? rig.append(0, events()) : 0;
    rig.crash();
    rig.files.fail_call(~uint64_t{0} / 2);
    rig.files.lose_power([](size_t) { return false; });
    ASSERT_EQ(rig.open(), "") << "call " << n;
    expect_log_holds(rig, acknowledged, "after the power cut");
  }
}

// The power goes between write and sync of a commit of several records: any part of it may have reached the disk.
TEST(LogFailure, APowerCutTearsTheLastCommitAnywhere) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    LogRig rig;
    ASSERT_EQ(rig.open(), "");
    const size_t before = static_cast<size_t>(round % 40);
    std::vector<std::string> first;
    for (size_t i = 0; i < before; ++i) first.push_back(event(i));
    ASSERT_EQ(rig.append(0, first), before);
    // The next call is a write, the one after it the sync that fails: the log ends there, unacknowledged.
    rig.files.fail_call(2);
    OutcomeRecorder recorder;
    size_t sent = before;
    for (; sent < before + 12; ++sent) {
      if (!rig.log->append(PartitionId{0}, event(sent), {}, recorder)) break;
    }
    ASSERT_TRUE(recorder.wait_for(sent - before));
    size_t acknowledged = before;
    for (const auto& outcome : recorder.outcomes()) acknowledged += outcome.ok ? 1 : 0;
    rig.log.reset();
    for (int again = 0; again < 2; ++again) {
      rig.files.lose_power([&](size_t) { return random() % 2 == 0; });
      ASSERT_EQ(rig.open(), "");
      expect_log_holds(rig, acknowledged, "after the power cut");
      ASSERT_EQ(rig.corrupt_records(), 0u);
      acknowledged = read_all(*rig.log, 0).size();
      rig.files.fail_call(2);
      if (rig.log->append(PartitionId{0}, event(acknowledged), {}, recorder)) rig.log->stop();
      rig.log.reset();
    }
  }
}

TEST(LogFailure, TellsItsOwnerOnceAndEveryListener) {
  LogRig rig;
  std::atomic<int> told{0};
  auto options = rig.options();
  options.on_failure = [&](const std::string& why) {
    EXPECT_NE(why.find("failure"), std::string::npos);
    told += 1;
  };
  auto log = store::embedded::SegmentLog::open(rig.files, std::move(options), rig.clock, rig.metrics);
  ASSERT_TRUE(log);
  rig.files.fail_call(1);
  OutcomeRecorder recorder;
  size_t taken = 0;
  for (size_t i = 0; i < 50; ++i) taken += (*log)->append(PartitionId{1}, "x", {0, i}, recorder) ? 1 : 0;
  ASSERT_GE(taken, 1u);
  ASSERT_TRUE(recorder.wait_for(taken));
  for (const auto& outcome : recorder.outcomes()) EXPECT_FALSE(outcome.ok);
  (*log)->stop();
  EXPECT_EQ(told, 1);
  EXPECT_TRUE((*log)->failed());
}

}  // namespace
}  // namespace nave::test
