// Queries over devices.jobs (reference/query-language.md §10, rows 68 to 73; service-rest.md §14.5).
#include "hub/job/rows.h"

#include "unit/hub/job/job_rig.h"

namespace nave::hub {
namespace {

class JobRowsTest : public JobRig {
 protected:
  JobRowsTest() { queries.set_job_rows(job_rows); }

  // "job/device …", pages apart.
  std::string ask(const std::string& query, size_t page_rows = 0) {
    std::string out;
    std::string token;
    do {
      std::optional<HubResult<QueryPage>> page;
      queries.run({query, page_rows, token}, executor, [&](HubResult<QueryPage> p) { page = std::move(p); });
      while (!page && executor.run_one()) {
      }
      if (!*page) return std::string(row(page->error().code).name);
      EXPECT_EQ((*page)->item_type, "DeviceJob");
      const auto list = json::parse((*page)->body);
      for (const json::Value& item : *list->if_array()) {
        const json::Object& o = *item.if_object();
        out += *o.find("jobId")->if_string() + "/" + *o.find("deviceId")->if_string() + " ";
      }
      token = (*page)->continuation;
      out += token.empty() ? "" : "| ";
    } while (!token.empty());
    return out;
  }
  // The fixture of the reference.
  void make_fixture() {
    for (const char* id : {"alpha", "beta"}) add({id, ""});
    connect("alpha");
    (void)twin_job("job1", "*");
    run();
    (void)method_job("job2", "*");
    run();
  }

  test::QueueExecutor executor;
  Metrics metrics;
  JobRows job_rows{*job_store, metrics};
  QueryService queries{store, process->registry, executor, process->shard.clock, metrics};
};

TEST_F(JobRowsTest, TheExamplesOfTheReference) {
  make_fixture();
  EXPECT_EQ(ask("SELECT * FROM devices.jobs"), "job1/alpha job1/beta job2/alpha job2/beta ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE devices.jobs.deviceId = 'alpha'"), "job1/alpha job2/alpha ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'job2'"), "job2/alpha job2/beta ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE devices.jobs.deviceId = 'alpha' AND devices.jobs.jobType = "
                "'scheduleUpdateTwin' AND devices.jobs.status = 'completed' AND devices.jobs.createdDateTimeUtc > "
                "'2026-01-01T00:00:00Z'"),
            "job1/alpha ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE jobId = 'job2' AND status = 'failed'"), "job2/beta ");
  EXPECT_EQ(ask("SELECT deviceId FROM devices.jobs"), "ArgumentInvalid");
  EXPECT_EQ(ask("SELECT COUNT() AS n FROM devices.jobs"), "ArgumentInvalid");
}

TEST_F(JobRowsTest, ConditionsOverEveryField) {
  make_fixture();
  for (const char* condition : {
           "status = 'FAILED'",
           "error.code = 'DeviceNotOnline'",
           "IS_DEFINED(error) AND NOT IS_DEFINED(outcome)",
           "deviceId = 'beta' AND jobType = 'SCHEDULEDEVICEMETHOD' AND startTimeUtc >= createdDateTimeUtc",
           "'beta' = deviceId AND 'job2' = jobId",
       }) {
    EXPECT_EQ(ask(std::string("SELECT * FROM devices.jobs WHERE ") + condition), "job2/beta ") << condition;
  }
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE outcome.deviceMethodResponse.status = 200"), "job2/alpha ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE jobId = 'nosuch'"), "");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE deviceId = 'nosuch'"), "");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE jobId = 'job1' OR deviceId = 'beta'"),
            "job1/alpha job1/beta job2/beta ");
}

TEST_F(JobRowsTest, Pages) {
  make_fixture();
  EXPECT_EQ(ask("SELECT * FROM devices.jobs", 1), "job1/alpha | job1/beta | job2/alpha | job2/beta ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs", 3), "job1/alpha job1/beta job2/alpha | job2/beta ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE deviceId = 'alpha'", 1), "job1/alpha | job2/alpha ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE jobId = 'job1'", 1), "job1/alpha | job1/beta ");
  EXPECT_EQ(ask("SELECT TOP 3 * FROM devices.jobs", 2), "job1/alpha job1/beta | job2/alpha ");
  EXPECT_EQ(ask("SELECT TOP 0 * FROM devices.jobs"), "");
  EXPECT_GT(metrics.counter("jobs_queryJobs_success", "").value(), 0U);
}

TEST_F(JobRowsTest, MoreJobsAndRowsThanOneBatch) {
  add_devices(600);
  (void)twin_job("first", "*");
  run();
  for (int i = 0; i < 150; ++i) {
    (void)twin_job("none" + std::to_string(i), "tags.x = 1");
    run();
  }
  (void)twin_job("last", "deviceId = '" + device_name(5) + "'");
  run();
  const std::string all = ask("SELECT * FROM devices.jobs", 7);
  EXPECT_EQ(std::count(all.begin(), all.end(), '/'), 601);
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE deviceId = '" + device_name(5) + "'"),
            "first/" + device_name(5) + " last/" + device_name(5) + " ");
}

TEST_F(JobRowsTest, ModulesOfADevice) {
  add({"a", ""});
  add({"a", "m"});
  add({"a-b", ""});
  add({"a-b", "m"});
  (void)twin_job("j1", "FROM devices.modules");
  (void)twin_job("j2", "*");
  run();
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE deviceId = 'a'"), "j1/a j2/a ");
  EXPECT_EQ(ask("SELECT * FROM devices.jobs WHERE moduleId = 'm'", 1), "j1/a | j1/a-b ");
}

}  // namespace
}  // namespace nave::hub
