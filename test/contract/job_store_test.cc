// The contract of the JobStore, on every store.
#include "hub/job/store.h"

#include <gtest/gtest.h>

#include "contract/device_store_contract.h"
#include "store/memory/job_store.h"

namespace nave::hub::contract {
namespace {

class JobStoreContract : public DeviceStoreContract {
 protected:
  JobStoreContract() { find_jobs(); }
  void find_jobs() {
    auto* sqlite = dynamic_cast<store::embedded::SqliteDeviceStore*>(store.get());
    jobs = sqlite != nullptr ? &sqlite->jobs() : static_cast<JobStore*>(&memory);
  }
  void reopen_jobs() {
    reopen();
    find_jobs();
  }
  Result<uint64_t, StoreError> create(const JobOrder& order, const JobState& state = {}) {
    WaitingExecutor executor;
    std::optional<Result<uint64_t, StoreError>> out;
    jobs->create_job(order, state, executor, [&](Result<uint64_t, StoreError> r) { out = r; });
    executor.run_one();
    return out.value_or(fail(StoreError::kUnavailable));
  }
  Outcome update(uint64_t number, const JobState& state, std::vector<JobRow> rows = {}) {
    return wait_for(
        [&](Executor& e, StoreReply r) { jobs->update_job(number, state, std::move(rows), e, std::move(r)); });
  }
  Outcome erase(uint64_t number, size_t rows_max) {
    return wait_for([&](Executor& e, StoreReply r) { jobs->erase_job(number, rows_max, e, std::move(r)); });
  }
  std::string keys(uint64_t number, const IdentityKey& after = {}, std::optional<JobRowStatus> status = {},
                   size_t rows_max = 1000, size_t bytes_max = 1 << 20) {
    std::string out;
    const auto rows = jobs->load_job_rows(number, after, status, rows_max, bytes_max).value();
    for (const JobRow& row : rows) {
      out += (out.empty() ? "" : " ") + row.key.text();
    }
    return out;
  }
  static std::string ids(const std::vector<Job>& list) {
    std::string out;
    for (const Job& job : list) out += (out.empty() ? "" : " ") + job.order.id;
    return out;
  }
  std::string listed(uint64_t after = 0, size_t jobs_max = 100, size_t bytes_max = 1 << 20) {
    return ids(jobs->load_jobs(after, jobs_max, bytes_max).value());
  }

  store::memory::MemoryJobStore memory;
  JobStore* jobs = nullptr;
};

JobOrder order(const std::string& id) {
  JobOrder out;
  out.id = id;
  return out;
}

JobOrder full_order() {
  return {"Full-1",
          JobType::kDeviceMethod,
          "tags.x = 'é' AND\n1 = 1",
          R"({"methodName":"m"})" + std::string(100'000, ' '),
          UtcTime{Ticks{17'867'848'561'234'567}},
          kNever,
          INT64_MAX};
}

JobState full_state() {
  return {
      JobStatus::kFailed, UtcTime{Ticks{1}}, UtcTime{Ticks{2}}, "why \0 not", true, {"d", "\x7f"}, UINT64_MAX, 7, 8};
}

JobRow full_row(const IdentityKey& key) {
  return {key,
          JobRowStatus::kFailed,
          UtcTime{Ticks{17'867'848'561'234'567}},
          kNever,
          UtcTime{Ticks{5}},
          MethodAnswer{-5, R"({"é":1.0})"},
          "DeviceNotOnline",
          "text"};
}

JobRow row(const IdentityKey& key, JobRowStatus status = JobRowStatus::kPending) {
  JobRow out;
  out.key = key;
  out.status = status;
  return out;
}

TEST_P(JobStoreContract, KeepsWhatItIsGiven) {
  const uint64_t number = create(full_order(), full_state()).value();
  ASSERT_TRUE(update(number, full_state(), {full_row({"d", "m"}), row({"d", ""})}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(jobs->load_job("Full-1").value(), (Job{number, full_order(), full_state()}));
    EXPECT_EQ(jobs->load_job_rows(number, {}, {}, 10, 1000).value(),
              (std::vector<JobRow>{row({"d", ""}), full_row({"d", "m"})}));
    reopen_jobs();
  }
  EXPECT_EQ(jobs->load_job("full-1").value(), std::nullopt);
}

TEST_P(JobStoreContract, IdsAreUniqueAndNumbersGrow) {
  const uint64_t a = create(order("a")).value();
  const uint64_t b = create(order("b")).value();
  EXPECT_LT(a, b);
  const auto again = create(order("a"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), StoreError::kAlreadyExists);
  ASSERT_TRUE(erase(b, 10));
  reopen_jobs();
  EXPECT_GT(create(order("b")).value(), b) << "numbers are not given twice";
}

TEST_P(JobStoreContract, AnUpdateIsForAJobThatIsThere) {
  const auto outcome = update(99, {}, {row({"d", ""})});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error(), StoreError::kNotFound);
  EXPECT_EQ(keys(99), "");
}

TEST_P(JobStoreContract, ListsInTheOrderOfCreation) {
  for (const char* id : {"c", "a", "b"}) ASSERT_TRUE(create(order(id)));
  EXPECT_EQ(listed(), "c a b");
  EXPECT_EQ(listed(0, 2), "c a");
  EXPECT_EQ(listed(jobs->load_job("c").value()->number), "a b");
  JobOrder large = order("large");
  large.content = std::string(1000, 'x');
  ASSERT_TRUE(create(large));
  ASSERT_TRUE(create(order("z")));
  EXPECT_EQ(listed(0, 100, 1000), "c a b large") << "at least the one that goes beyond";
}

TEST_P(JobStoreContract, FindsWhatHasNotEndedAndWhatHas) {
  for (int i = 0; i < kJobStatusCount; ++i) {
    JobState state;
    state.status = static_cast<JobStatus>(i);
    if (is_ended(state.status)) state.ended = UtcTime{Ticks{100 + i}};
    ASSERT_TRUE(create(order(std::string(name_of(state.status))), state));
  }
  EXPECT_EQ(ids(jobs->load_unfinished_jobs().value()), "scheduled queued running");
  EXPECT_EQ(jobs->find_ended_job(UtcTime{Ticks{100}}), std::nullopt) << "those that run have no end";
  EXPECT_EQ(jobs->find_ended_job(UtcTime{Ticks{103}}), std::nullopt);
  EXPECT_EQ(jobs->find_ended_job(UtcTime{Ticks{104}}), jobs->load_job("completed").value()->number);
}

TEST_P(JobStoreContract, RowsInTheOrderOfTheirKeys) {
  const uint64_t n = create(order("a")).value();
  const uint64_t other = create(order("b")).value();
  ASSERT_TRUE(update(other, {}, {row({"a", ""})}));
  ASSERT_TRUE(update(n, {}, {row({"b", "m"}), row({"a-1", ""}), row({"B", ""}), row({"b", ""}), row({"a", "z"})}));
  EXPECT_EQ(keys(n), "B a/z a-1 b b/m");
  EXPECT_EQ(keys(n, {"a", "z"}), "a-1 b b/m");
  EXPECT_EQ(keys(n, {"b", ""}), "b/m");
  EXPECT_EQ(keys(n, {}, {}, 2), "B a/z");
  ASSERT_TRUE(update(n, {}, {row({"a-1", ""}, JobRowStatus::kRunning), row({"c", ""}, JobRowStatus::kRunning)}));
  EXPECT_EQ(keys(n, {}, JobRowStatus::kPending), "B a/z b b/m");
  EXPECT_EQ(keys(n, {}, JobRowStatus::kRunning), "a-1 c");
  EXPECT_EQ(keys(n, {"a-1", ""}, JobRowStatus::kRunning, 1), "c");
  EXPECT_EQ(keys(n, {}, {}, 1000, 1), "B") << "at least one";
  const auto of_b = jobs->load_device_rows(n, "b").value();
  ASSERT_EQ(of_b.size(), 2U);
  EXPECT_EQ(of_b[1].key, (IdentityKey{"b", "m"}));
  EXPECT_TRUE(jobs->load_device_rows(n, "nobody").value().empty());
}

TEST_P(JobStoreContract, AreErasedALittleAtATime) {
  const uint64_t n = create(order("a")).value();
  const uint64_t other = create(order("b")).value();
  for (const uint64_t to : {n, other}) ASSERT_TRUE(update(to, {}, {row({"a", ""}), row({"b", ""}), row({"c", ""})}));
  ASSERT_TRUE(erase(n, 2));
  EXPECT_EQ(keys(n), "c");
  EXPECT_TRUE(jobs->load_job("a").value());
  ASSERT_TRUE(erase(n, 2));
  EXPECT_EQ(keys(n), "");
  EXPECT_FALSE(jobs->load_job("a").value());
  EXPECT_TRUE(erase(n, 2)) << "one that is gone";
  EXPECT_EQ(keys(other), "a b c");
  reopen_jobs();
  EXPECT_EQ(listed(), "b");
  ASSERT_TRUE(create(order("a")));
}

INSTANTIATE_TEST_SUITE_P(Stores, JobStoreContract, testing::Values("memory", "sqlite"),
                         [](const auto& p) { return std::string(p.param); });

}  // namespace
}  // namespace nave::hub::contract
