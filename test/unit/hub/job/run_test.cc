// Jobs that are interrupted: by the end of the process, and by a disk that refuses.
#include "hub/job/run.h"

#include <functional>
#include <random>

#include "unit/hub/job/job_rig.h"

namespace nave::hub {
namespace {

// Refuses changes while told to.
class RefusingJobStore final : public JobStore {
 public:
  void create_job(JobOrder order, JobState state, Executor& reply_on, SequenceReply reply) override {
    if (refuses) return reply_on.post([r = std::move(reply)]() mutable { r(fail(StoreError::kUnavailable)); });
    inner.create_job(std::move(order), std::move(state), reply_on, std::move(reply));
  }
  void update_job(uint64_t number, JobState state, std::vector<JobRow> rows, Executor& reply_on,
                  StoreReply reply) override {
    largest = std::max(largest, rows.size());
    if (refuses) return reply_on.post([r = std::move(reply)]() mutable { r(fail(StoreError::kUnavailable)); });
    inner.update_job(number, std::move(state), std::move(rows), reply_on, std::move(reply));
  }
  void erase_job(uint64_t number, size_t rows_max, Executor& reply_on, StoreReply reply) override {
    inner.erase_job(number, rows_max, reply_on, std::move(reply));
  }
  [[nodiscard]] Result<std::optional<Job>, StoreError> load_job(const std::string& id) const override {
    return inner.load_job(id);
  }
  [[nodiscard]] Result<std::vector<Job>, StoreError> load_jobs(uint64_t after, size_t jobs_max,
                                                               size_t bytes_max) const override {
    return inner.load_jobs(after, jobs_max, bytes_max);
  }
  [[nodiscard]] Result<std::vector<Job>, StoreError> load_unfinished_jobs() const override {
    return inner.load_unfinished_jobs();
  }
  [[nodiscard]] std::optional<uint64_t> find_ended_job(UtcTime time) const override {
    return inner.find_ended_job(time);
  }
  [[nodiscard]] Result<std::vector<JobRow>, StoreError> load_job_rows(uint64_t number, const IdentityKey& after,
                                                                      std::optional<JobRowStatus> wanted,
                                                                      size_t rows_max,
                                                                      size_t bytes_max) const override {
    if (refuses) return fail(StoreError::kUnavailable);
    return inner.load_job_rows(number, after, wanted, rows_max, bytes_max);
  }
  [[nodiscard]] Result<std::vector<JobRow>, StoreError> load_device_rows(uint64_t number,
                                                                         const std::string& device) const override {
    return inner.load_device_rows(number, device);
  }

  store::memory::MemoryJobStore inner;
  bool refuses = false;
  size_t largest = 0;
};

class JobRunTest : public JobRig {
 protected:
  // Kills the process after random numbers of steps until the job has ended.
  void run_with_crashes(const std::string& id, uint32_t seed, size_t steps_max, const std::function<void()>& check) {
    std::mt19937 random(seed);
    for (int crashes = 0;; ++crashes) {
      ASSERT_LT(crashes, 5000);
      for (size_t n = random() % steps_max; n > 0 && step(); --n) {
      }
      if (process->worker.idle() && process->shard.executor.idle()) advance_seconds(1);
      check();
      const Job job = *job_store->load_job(id).value();
      if (is_ended(job.state.status)) return;
      kill();
      for (auto& [name, device] : devices) {
        device = std::make_unique<JobDevice>(process->shard, name);
        (void)process->directory.claim({name, ""}, device->link);
      }
    }
  }
};

class JobCrashTest : public JobRunTest, public testing::WithParamInterface<uint32_t> {};

TEST_P(JobCrashTest, EveryTwinIsWrittenOnceWhereverTheProcessEnds) {
  constexpr size_t kDevices = 1500;  // more than what is under way at one time, and than one batch of rows
  add_devices(kDevices);
  (void)twin_job("j", "*");
  uint64_t recorded = 0;
  run_with_crashes("j", GetParam(), 900, [&] {
    const JobState state = job_store->load_job("j").value()->state;
    EXPECT_GE(state.succeeded, recorded) << "nothing that was recorded is forgotten";
    EXPECT_EQ(state.failed, 0U);
    recorded = state.succeeded;
  });
  EXPECT_EQ(statistics("j"), "1500 0 1500 0 0");
  for (size_t i = 0; i < kDevices; ++i) ASSERT_EQ(writes(device_name(i)), 1U) << device_name(i);
  for (const JobRow& row : rows("j")) ASSERT_EQ(row.status, JobRowStatus::kCompleted);
}

INSTANTIATE_TEST_SUITE_P(Seeds, JobCrashTest, testing::Values(1U, 2U, 3U, 4U));

TEST_F(JobRunTest, NoMethodIsSentTwice) {
  constexpr size_t kDevices = 300;
  options.calls_max = 20;
  boot();
  add_devices(kDevices);
  std::map<std::string, int> calls;
  for (size_t i = 0; i < kDevices; ++i) connect(device_name(i));
  (void)method_job("j", "*");
  run_with_crashes("j", 7, 900, [&] {
    for (auto& [name, device] : devices) calls[name] += std::exchange(device->calls, 0);
  });
  size_t answered = 0;
  for (const JobRow& row : rows("j")) {
    const int n = calls[row.key.device];
    EXPECT_LE(n, 1) << row.key.device;
    if (row.status == JobRowStatus::kCompleted) {
      EXPECT_EQ(n, 1);
      ++answered;
    } else {
      EXPECT_EQ(row.status, JobRowStatus::kFailed);
      EXPECT_EQ(row.error_code, "ServiceUnavailable") << row.error_text;
    }
  }
  const JobState state = job_store->load_job("j").value()->state;
  EXPECT_EQ(state.succeeded, answered);
  EXPECT_EQ(state.succeeded + state.failed, kDevices);
  EXPECT_GT(answered, kDevices / 2) << "or the test tests nothing";
}

TEST_F(JobRunTest, AScheduledJobOutlivesTheProcess) {
  add_devices(1);
  (void)twin_job("j", "*",
                 R"(,"startTime":")" + format_iso8601(process->shard.clock.utc() + std::chrono::seconds(10)) + "\"");
  kill();
  advance_seconds(9);
  EXPECT_EQ(status("j"), "scheduled");
  advance_seconds(2);
  EXPECT_EQ(status("j"), "completed");
}

TEST_F(JobRunTest, AtTheEndOfTheProcessNothingNewIsBegun) {
  options.calls_max = 2;
  boot();
  add_devices(5);
  for (size_t i = 0; i < 5; ++i) connect(device_name(i)).silent = true;
  (void)method_job("j", "*");
  run();
  process->jobs.stop();
  for (auto& [name, device] : devices) {
    for (MethodReply& reply : device->waiting) reply.answer(200, "1");
  }
  advance_seconds(2);
  EXPECT_EQ(statistics("j"), "5 0 2 0 3") << "what was open is on record";
  kill();
  for (size_t i = 0; i < 5; ++i) connect(device_name(i));
  run();
  EXPECT_EQ(statistics("j"), "5 0 5 0 0");
}

// The time goes on while nobody works.
TEST_F(JobRunTest, AJobWhoseTimeIsOverFailsAfterTheRestart) {
  add_devices(2);
  options.operations_per_second = 1;
  boot();
  (void)twin_job("j", "*", R"(,"maxExecutionTimeInSeconds":60)");
  run();
  process->shard.clock.advance(std::chrono::seconds(100));
  kill();
  process->jobs.on_tick();
  run();
  EXPECT_EQ(status("j"), "failed");
  EXPECT_EQ(writes(device_name(1)), 0U);
}

TEST_F(JobRunTest, WaitsForADiskThatRefuses) {
  auto made = std::make_unique<RefusingJobStore>();
  RefusingJobStore& disk = *made;
  job_store = std::move(made);
  options.operations_per_second = 500;
  boot();
  add_devices(2000);
  (void)twin_job("j", "*");
  run();
  disk.refuses = true;
  EXPECT_EQ(twin_job("other", "*"), "ServiceUnavailable");
  EXPECT_EQ(status("other"), "unknown") << "and takes no place";
  advance_seconds(3);
  EXPECT_EQ(status("j"), "running");
  disk.refuses = false;
  advance_seconds(6);
  EXPECT_EQ(status("j"), "completed");
  EXPECT_EQ(statistics("j"), "2000 0 2000 0 0");
  for (size_t i = 0; i < 2000; ++i) ASSERT_EQ(writes(device_name(i)), 1U);
}

TEST_F(JobRunTest, WhatIsHeldDoesNotGrowWithTheDevices) {
  auto made = std::make_unique<RefusingJobStore>();
  const RefusingJobStore& disk = *made;
  job_store = std::move(made);
  options.operations_per_second = 0;
  boot();
  add_devices(10'000);
  (void)twin_job("j", "*");
  run();
  EXPECT_EQ(statistics("j"), "10000 0 10000 0 0");
  EXPECT_LE(disk.largest, kJobSelectedRowsMax + kJobTurnTwins);
}

// The second and third turn of each device: a twin that already has the values is written all the same.
TEST_F(JobRunTest, OnlyAfterARestartIsATwinLookedAtFirst) {
  add_devices(1);
  (void)twin_job("j1", "*");
  run();
  (void)twin_job("j2", "*");
  run();
  EXPECT_EQ(writes(device_name(0)), 2U);
}

}  // namespace
}  // namespace nave::hub
