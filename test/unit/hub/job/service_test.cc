// What the job API answers, and when jobs begin and end (reference/service-rest.md §14).
#include "hub/job/service.h"

#include "unit/hub/job/job_rig.h"

namespace nave::hub {
namespace {

class JobServiceTest : public JobRig {
 protected:
  std::string list(const std::string& type, const std::string& wanted, size_t page_rows = 0) {
    std::string out;
    std::string token;
    do {
      std::optional<HubResult<QueryPage>> page;
      process->jobs.list({type, wanted, page_rows, token}, process->shard.executor,
                         [&](HubResult<QueryPage> p) { page = std::move(p); });
      while (!page && step()) {
      }
      if (!*page) return std::string(row(page->error().code).name);
      EXPECT_EQ((*page)->item_type, "JobResponse");
      const auto jobs = json::parse((*page)->body);
      for (const json::Value& job : *jobs->if_array()) out += *job.if_object()->find("jobId")->if_string() + " ";
      token = (*page)->continuation;
      out += token.empty() ? "" : "| ";
    } while (!token.empty());
    return out;
  }
  std::string start_in(int64_t seconds) {
    return R"(,"startTime":")" + format_iso8601(process->shard.clock.utc() + std::chrono::seconds(seconds)) + "\"";
  }
  uint64_t counter(const char* name) { return process->metrics.counter(name, "").value(); }
};

TEST_F(JobServiceTest, ATwinJobFromOrderToEnd) {
  add_devices(3);
  const std::string made = twin_job("j1", "*");
  EXPECT_EQ(member(made, "status"), "queued");
  EXPECT_EQ(member(made, "endTime"), "absent");
  EXPECT_EQ(member(made, "failureReason"), "absent");
  run();
  EXPECT_EQ(status("j1"), "completed");
  EXPECT_EQ(statistics("j1"), "3 0 3 0 0");
  EXPECT_NE(member(find("j1"), "endTime"), "absent");
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(writes(device_name(i)), 1U);
  EXPECT_EQ(store.load_twin({device_name(0), ""}).value()->tags, R"({"t":"y"})");
  EXPECT_EQ(counter("jobs_createTwinUpdateJob_success"), 1U);
  EXPECT_EQ(counter("jobs_completed"), 1U);
}

TEST_F(JobServiceTest, AMethodJobKeepsTheAnswers) {
  add_devices(2);
  JobDevice& device = connect(device_name(0));
  (void)method_job("j1", "*");
  run();
  EXPECT_EQ(status("j1"), "completed") << "although a device was not there";
  EXPECT_EQ(statistics("j1"), "2 1 1 0 0");
  EXPECT_EQ(device.last, R"(reboot({"a":1.0}))");
  const std::vector<JobRow> all = rows("j1");
  EXPECT_EQ(all[0].status, JobRowStatus::kCompleted);
  EXPECT_EQ(all[0].answer->status, 200);
  EXPECT_EQ(all[0].answer->payload, "\"d000000\"");
  EXPECT_EQ(all[1].status, JobRowStatus::kFailed);
  EXPECT_EQ(all[1].error_code, "DeviceNotOnline");
  EXPECT_FALSE(all[1].answer);
}

TEST_F(JobServiceTest, ModulesJobsAreForModules) {
  add_devices(2);
  add({device_name(0), "m1"});
  add({device_name(1), "m2"});
  (void)twin_job("j1", "FROM devices.modules WHERE moduleId = 'm2'");
  run();
  EXPECT_EQ(statistics("j1"), "1 0 1 0 0");
  EXPECT_EQ(rows("j1")[0].key, (IdentityKey{device_name(1), "m2"}));
  EXPECT_EQ(writes(device_name(1)), 0U);
  EXPECT_EQ(store.load_twin({device_name(1), "m2"}).value()->desired.version, 2U);
}

TEST_F(JobServiceTest, NobodyMeetsTheCondition) {
  add_devices(2);
  (void)twin_job("j1", "tags.none = 1");
  run();
  EXPECT_EQ(status("j1"), "completed");
  EXPECT_EQ(statistics("j1"), "0 0 0 0 0");
}

TEST_F(JobServiceTest, ABadConditionIsTakenAndFailsTheJob) {
  EXPECT_EQ(member(twin_job("j1", "tags.a ="), "status"), "queued");
  run();
  EXPECT_EQ(status("j1"), "failed");
  EXPECT_TRUE(
      member(find("j1"), "failureReason").starts_with("SQL query parse failed due to following errors: Line 1:"));
  EXPECT_EQ(counter("jobs_failed"), 1U);
}

TEST_F(JobServiceTest, AnIdIsForOneJob) {
  (void)twin_job("j1", "*");
  EXPECT_EQ(twin_job("j1", "*"), "JobAlreadyExists") << "while it runs";
  run();
  EXPECT_EQ(method_job("j1", "*"), "JobAlreadyExists") << "and afterwards";
  EXPECT_NE(twin_job("J1", "*"), "JobAlreadyExists") << "ids know upper and lower case";
  EXPECT_EQ(counter("jobs_createDirectMethodJob_failure"), 1U);
}

TEST_F(JobServiceTest, AScheduledJobBeginsInItsTime) {
  add_devices(1);
  EXPECT_EQ(member(twin_job("j1", "*", start_in(10)), "status"), "scheduled");
  advance_seconds(9);
  EXPECT_EQ(status("j1"), "scheduled");
  EXPECT_EQ(writes(device_name(0)), 0U);
  advance_seconds(2);
  EXPECT_EQ(status("j1"), "completed");
  EXPECT_EQ(writes(device_name(0)), 1U);
}

TEST_F(JobServiceTest, StartTimesThatAreNowOrTooFar) {
  EXPECT_EQ(member(twin_job("past", "*", R"(,"startTime":"2020-01-01T00:00:00.000Z")"), "status"), "queued");
  EXPECT_EQ(member(twin_job("none", "*", R"(,"startTime":null)"), "status"), "queued");
  EXPECT_EQ(member(twin_job("edge", "*", start_in(kJobStartHoursMax * 3600)), "status"), "scheduled");
  EXPECT_EQ(twin_job("far", "*", start_in(kJobStartHoursMax * 3600 + 1)), "ArgumentInvalid");
  EXPECT_EQ(status("far"), "unknown");
}

TEST_F(JobServiceTest, UnknownJobs) {
  EXPECT_EQ(find("nobody"), R"({"jobId":"nobody","type":"unknown","status":"unknown"})");
  EXPECT_EQ(cancel("nobody"), "JobNotFound");
}

TEST_F(JobServiceTest, OnlyWhatHasNotBegunCanBeCancelled) {
  add_devices(1);
  (void)twin_job("j1", "*", start_in(10));
  EXPECT_EQ(member(cancel("j1"), "status"), "cancelled");
  EXPECT_EQ(status("j1"), "cancelled");
  EXPECT_NE(member(find("j1"), "endTime"), "absent");
  EXPECT_EQ(cancel("j1"), "OperationNotAllowedInCurrentState") << "twice";
  advance_seconds(20);
  EXPECT_EQ(status("j1"), "cancelled");
  EXPECT_EQ(writes(device_name(0)), 0U);
  EXPECT_EQ(twin_job("j1", "*"), "JobAlreadyExists");

  connect(device_name(0)).silent = true;
  (void)method_job("j2", "*");
  run();
  EXPECT_EQ(status("j2"), "running");
  EXPECT_EQ(statistics("j2"), "1 0 0 1 0");
  EXPECT_EQ(cancel("j2"), "OperationNotAllowedInCurrentState");
  advance_seconds(31);
  EXPECT_EQ(status("j2"), "completed");
  EXPECT_EQ(rows("j2")[0].error_code, "GatewayTimeout");
  EXPECT_EQ(cancel("j2"), "OperationNotAllowedInCurrentState");
  EXPECT_EQ(counter("jobs_cancelJob_success"), 1U);
  EXPECT_EQ(counter("jobs_cancelJob_failure"), 3U);
}

TEST_F(JobServiceTest, ScheduledJobsTakeAPlaceToo) {
  options.active_max = 2;
  boot();
  (void)twin_job("j1", "*", start_in(10));
  (void)twin_job("j2", "*", start_in(10));
  EXPECT_EQ(twin_job("j3", "*"), "ThrottlingMaxActiveJobCountExceeded");
  EXPECT_EQ(twin_job("j2", "*"), "JobAlreadyExists") << "that is looked at first";
  (void)cancel("j1");
  EXPECT_EQ(member(twin_job("j3", "*"), "status"), "queued");
}

TEST_F(JobServiceTest, ListsByTypeAndStatusInPages) {
  (void)twin_job("a", "*");
  (void)method_job("b", "*");
  (void)twin_job("c", "bad =");
  run();
  (void)twin_job("d", "*", start_in(10));
  EXPECT_EQ(list("", ""), "a b c d ");
  EXPECT_EQ(list("ScheduleUpdateTwin", ""), "a c d ");
  EXPECT_EQ(list("scheduleDeviceMethod", "Completed"), "b ");
  EXPECT_EQ(list("", "failed"), "c ");
  EXPECT_EQ(list("", "scheduled"), "d ");
  EXPECT_EQ(list("ExportDevices", ""), "");
  EXPECT_EQ(list("", "", 1), "a | b | c | d ") << "no empty page at the end";
  EXPECT_EQ(list("scheduleUpdateTwin", "", 2), "a c | d ");
  EXPECT_EQ(counter("jobs_listJobs_failure"), 0U);
}

TEST_F(JobServiceTest, ATokenIsForItsList) {
  (void)twin_job("a", "*");
  (void)twin_job("b", "*");
  run();
  std::optional<HubResult<QueryPage>> page;
  const auto ask_page = [&](const std::string& type, const std::string& token) {
    process->jobs.list({type, "", 1, token}, process->shard.executor,
                       [&](HubResult<QueryPage> p) { page = std::move(p); });
    run();
  };
  ask_page("", "");
  const std::string token = (*page)->continuation;
  ask_page("scheduleUpdateTwin", token);
  ASSERT_FALSE(*page);
  EXPECT_EQ(page->error().code, ErrorCode::kArgumentInvalid);
  kill();
  ask_page("", token);
  EXPECT_TRUE(*page) << "tokens outlive the process";
}

TEST_F(JobServiceTest, AJobThatTakesTooLongFails) {
  add_devices(4);
  options.calls_max = 1;
  boot();
  for (size_t i = 0; i < 4; ++i) connect(device_name(i)).silent = true;
  (void)method_job("j1", "*", R"(,"maxExecutionTimeInSeconds":40)");
  run();
  EXPECT_EQ(statistics("j1"), "4 0 0 1 3");
  advance_seconds(45);
  EXPECT_EQ(status("j1"), "running") << "a call is still open";
  advance_seconds(30);
  EXPECT_EQ(status("j1"), "failed");
  EXPECT_NE(member(find("j1"), "failureReason").find("maximum execution time of 40 seconds"), std::string::npos);
  EXPECT_EQ(statistics("j1"), "4 2 0 0 2");
  EXPECT_EQ(devices[device_name(2)]->calls, 0);
}

TEST_F(JobServiceTest, HistoryLasts30Days) {
  add_devices(3);
  (void)twin_job("old", "*");
  run();
  advance_seconds(1);
  process->shard.clock.advance(std::chrono::hours(24 * kJobHistoryDays) - std::chrono::seconds(2));
  advance_seconds(1);
  EXPECT_EQ(status("old"), "completed");
  advance_seconds(3);
  EXPECT_EQ(status("old"), "unknown");
  EXPECT_EQ(list("", ""), "");
  EXPECT_NE(twin_job("old", "*"), "JobAlreadyExists");
}

TEST_F(JobServiceTest, TheRateIsOfAllJobsTogether) {
  options.operations_per_second = 10;
  boot();
  add_devices(40);
  (void)twin_job("j1", "*");
  (void)twin_job("j2", "*");
  run();
  const auto done = [&] {
    uint64_t out = 0;
    for (size_t i = 0; i < 40; ++i) out += writes(device_name(i));
    return out;
  };
  EXPECT_EQ(done(), 10U);
  advance_seconds(3);
  EXPECT_EQ(done(), 40U);
  advance_seconds(5);
  EXPECT_EQ(done(), 80U);
  EXPECT_EQ(status("j1"), "completed");
  EXPECT_EQ(status("j2"), "completed");
}

TEST_F(JobServiceTest, TooManyWaiting) {
  int throttled = 0;
  for (size_t i = 0; i <= kJobRequestsMax; ++i) {
    process->jobs.cancel("x", process->shard.executor, [&](HubResult<std::string> r) {
      throttled += r.error().code == ErrorCode::kThrottlingException ? 1 : 0;
    });
  }
  run();
  EXPECT_EQ(throttled, 1);
  EXPECT_EQ(cancel("x"), "JobNotFound");
}

TEST_F(JobServiceTest, ADeviceThatGoesBeforeItsTurn) {
  options.operations_per_second = 1;
  boot();
  add_devices(2);
  (void)twin_job("j1", "*");
  run();
  test::QueueExecutor executor;
  Identity gone;
  gone.key = {device_name(1), ""};
  store.apply({{IdentityWrite::Kind::kErase, IdentityWrite::Expect::kPresent, 0, gone}}, executor, [](auto) {});
  advance_seconds(2);
  EXPECT_EQ(statistics("j1"), "2 1 1 0 0");
  EXPECT_EQ(rows("j1")[1].error_code, "DeviceNotFound");
}

}  // namespace
}  // namespace nave::hub
