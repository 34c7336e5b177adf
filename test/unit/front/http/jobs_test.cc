// Scheduled jobs over REST (reference/service-rest.md §14), and what the parsers of the service SDKs make of the
// answers.
#include <gtest/gtest.h>

#include "json/write.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

constexpr const char* kVersion = "api-version=2021-04-12";

class HttpJobs : public ApiFixture {
 protected:
  static std::string twin_job(const std::string& more = "", const std::string& condition = "*") {
    return R"({"type":"scheduleUpdateTwin","queryCondition":")" + condition +
           R"(","updateTwin":{"etag":"*","properties":{"desired":{"x":1}}},"cloudToDeviceMethod":null)" + more + "}";
  }
  static std::string method_job() {
    return R"({"type":"scheduleDeviceMethod","queryCondition":"*","updateTwin":null,)"
           R"("cloudToDeviceMethod":{"methodName":"reboot"}})";
  }
  Response put(const std::string& id, const std::string& body) {
    return send("PUT", "/jobs/v2/" + id + "?" + kVersion, body, {{"Content-Type", "application/json"}});
  }
  Response get(const std::string& path, std::vector<std::pair<std::string, std::string>> headers = {}) {
    return send("GET", path + (path.find('?') == std::string::npos ? "?" : "&") + kVersion, "", std::move(headers));
  }
  Response cancel(const std::string& id) { return send("POST", "/jobs/v2/" + id + "/cancel?" + kVersion); }
  void make_device(const std::string& id) {
    ASSERT_EQ(send("PUT", "/devices/" + id + "?" + kVersion, "{}").status, 200);
  }
  std::string refusal(const Response& r) { return std::to_string(r.status) + " " + r.header("iothub-errorcode"); }
  std::string far_start() {
    return R"(,"startTime":")" + format_iso8601(shard.clock.utc() + std::chrono::hours(1)) + "\"";
  }
};

// What JobsResponseParser of Java, JobResponse of C# and the SDK of Python demand.
void expect_parsable(const json::Object& job) {
  for (const char* name : {"jobId", "type", "status"})
    ASSERT_TRUE(job.find(name) && job.find(name)->if_string()) << name;
  for (const char* name : {"jobType", "startTimeUtc", "endTimeUtc", "createdDateTimeUtc", "outcome", "error"}) {
    EXPECT_EQ(job.find(name), nullptr) << name;
  }
  for (const json::Member& m : job) EXPECT_FALSE(m.value.is_null()) << m.name;
  const bool twin = *job.find("type")->if_string() == "scheduleUpdateTwin";
  EXPECT_EQ(job.find("updateTwin") != nullptr, twin);
  EXPECT_EQ(job.find("cloudToDeviceMethod") != nullptr, !twin);
  for (const char* name : {"createdTime", "startTime"})
    EXPECT_TRUE(parse_iso8601(*job.find(name)->if_string())) << name;
  const std::string& status = *job.find("status")->if_string();
  const bool ended = status == "completed" || status == "failed" || status == "cancelled";
  EXPECT_EQ(job.find("endTime") != nullptr, ended);
  const json::Object& statistics = *job.find("deviceJobStatistics")->if_object();
  for (const char* name : {"deviceCount", "failedCount", "succeededCount", "runningCount", "pendingCount"}) {
    EXPECT_TRUE(statistics.find(name)->to_int64()) << name;
  }
}

TEST_F(HttpJobs, FromOrderToEnd) {
  make_device("a");
  for (const auto& [id, body] : {std::pair<std::string, std::string>("j1", twin_job()), {"j2", method_job()}}) {
    const Response made = put(id, body);
    EXPECT_EQ(made.status, 200);
    EXPECT_EQ(made.text("status"), "queued");
    expect_parsable(*made.json().if_object());
    const Response found = get("/jobs/v2/" + id);
    EXPECT_EQ(found.status, 200);
    EXPECT_EQ(found.text("status"), "completed");
    expect_parsable(*found.json().if_object());
  }
  EXPECT_NE(send("GET", std::string("/twins/a?") + kVersion).body.find(R"("desired":{"x":1)"), std::string::npos);
  EXPECT_EQ(get("/jobs/v2/j1/").status, 200) << "a slash at the end";
  EXPECT_EQ(get("/Jobs/V2/j1").text("status"), "completed");
}

TEST_F(HttpJobs, StatesAndTheirAnswers) {
  expect_parsable(*put("later", twin_job(far_start())).json().if_object());
  EXPECT_EQ(get("/jobs/v2/later").text("status"), "scheduled");
  // Node sends neither a body nor a content type.
  const Response cancelled = cancel("later");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(cancelled.text("status"), "cancelled");
  expect_parsable(*cancelled.json().if_object());
  EXPECT_EQ(refusal(cancel("later")), "405 OperationNotAllowedInCurrentState");
  EXPECT_EQ(refusal(cancel("nobody")), "404 JobNotFound");
  (void)put("bad", twin_job("", "tags.x ="));
  const Response failed = get("/jobs/v2/bad");
  expect_parsable(*failed.json().if_object());
  EXPECT_EQ(failed.text("failureReason"),
            "SQL query parse failed due to following errors: Line 1:8 Unexpected end of the query");
}

TEST_F(HttpJobs, AnUnknownJobIsNoError) {
  const Response answer = get("/jobs/v2/nobody");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"jobId":"nobody","type":"unknown","status":"unknown"})");
}

TEST_F(HttpJobs, Refusals) {
  EXPECT_EQ(refusal(put("j", "[]")), "400 IotHubFormatError");
  EXPECT_EQ(refusal(put("j", "")), "400 IotHubFormatError");
  EXPECT_EQ(refusal(put("j", R"({"type":"scheduleTwinUpdate","queryCondition":"*"})")), "400 GenericBadRequest");
  EXPECT_EQ(refusal(put("a%20b", twin_job())), "400 ArgumentInvalid");
  EXPECT_EQ(refusal(get("/jobs/v2/a%20b")), "400 ArgumentInvalid");
  EXPECT_EQ(refusal(cancel("a%20b")), "400 ArgumentInvalid");
  EXPECT_EQ(refusal(put("j", R"({"type":"scheduleUpdateTwin","queryCondition":"*","updateTwin":{"etag":"x"}})")),
            "400 ArgumentInvalid");
  EXPECT_EQ(refusal(put("j", twin_job("", std::string(8193, 'x')))), "412 PreconditionFailed");
  EXPECT_EQ(put("j", twin_job()).status, 200);
  EXPECT_EQ(refusal(put("j", twin_job())), "409 JobAlreadyExists");
  EXPECT_EQ(refusal(send("DELETE", std::string("/jobs/v2/j?") + kVersion)), "405 GenericMethodNotAllowed");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(put("s" + std::to_string(i), twin_job(far_start())).status, 200);
  const Response throttled = put("s10", twin_job());
  EXPECT_EQ(refusal(throttled), "429 ThrottlingMaxActiveJobCountExceeded");
  EXPECT_TRUE(throttled.text("Message").starts_with("ErrorCode:ThrottlingMaxActiveJobCountExceeded;"));
}

TEST_F(HttpJobs, AJobNamedQueryIsShadowed) {
  EXPECT_EQ(put("query", twin_job()).status, 200);
  EXPECT_EQ(get("/jobs/v2/query").header("x-ms-item-type"), "JobResponse");
}

TEST_F(HttpJobs, TheListIsABareArray) {
  const Response none = get("/jobs/v2/query");
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.body, "[]");
  EXPECT_EQ(none.header("x-ms-item-type"), "JobResponse");
  EXPECT_EQ(none.header("x-ms-continuation"), "");
  for (const char* id : {"a", "b", "c"}) (void)put(id, twin_job());
  (void)put("m", method_job());
  const auto ids = [](const Response& r) {
    std::string out;
    const json::Value list = r.json();
    for (const json::Value& job : *list.if_array()) {
      expect_parsable(*job.if_object());
      out += *job.if_object()->find("jobId")->if_string();
    }
    return out;
  };
  EXPECT_EQ(ids(get("/jobs/v2/query")), "abcm");
  EXPECT_EQ(ids(get("/jobs/v2/query?jobType=ScheduleDeviceMethod&jobStatus=Completed")), "m");
  EXPECT_EQ(ids(get("/jobs/v2/query?jobStatus=failed")), "");
  EXPECT_EQ(ids(get("/jobs/v2/query?jobType=&jobStatus=")), "abcm");
  const Response first = get("/jobs/v2/query?jobType=scheduleUpdateTwin", {{"x-ms-max-item-count", "2"}});
  EXPECT_EQ(ids(first), "ab");
  const std::string token = first.header("x-ms-continuation");
  const Response second = get("/jobs/v2/query?jobType=scheduleUpdateTwin", {{"x-ms-continuation", token}});
  EXPECT_EQ(ids(second), "c");
  EXPECT_EQ(second.header("x-ms-continuation"), "") << "not there on the last page";
  EXPECT_EQ(refusal(get("/jobs/v2/query", {{"x-ms-continuation", token}})), "400 ArgumentInvalid");
  EXPECT_EQ(ids(get("/jobs/v2/query", {{"x-ms-continuation", ""}})), "abcm");
}

// Rows as C#'s DeviceJob and Java's parser read them.
TEST_F(HttpJobs, DeviceJobs) {
  make_device("a");
  (void)put("j", method_job());
  json::Object query;
  query.append("query", "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j'");
  const Response answer = send("POST", std::string("/devices/query?") + kVersion, json::to_text(std::move(query)));
  EXPECT_EQ(answer.header("x-ms-item-type"), "DeviceJob");
  const json::Value list = answer.json();
  ASSERT_EQ(list.if_array()->size(), 1U);
  const json::Object& row = *list.if_array()->front().if_object();
  for (const char* name : {"deviceId", "jobId", "jobType", "status"}) EXPECT_TRUE(row.find(name)->if_string()) << name;
  for (const char* name : {"startTimeUtc", "endTimeUtc", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}) {
    EXPECT_TRUE(parse_iso8601(*row.find(name)->if_string())) << name;
  }
  for (const char* name : {"type", "startTime", "endTime", "createdTime", "outcome"}) {
    EXPECT_EQ(row.find(name), nullptr) << name;
  }
  EXPECT_EQ(*row.find("error")->if_object()->find("code")->if_string(), "DeviceNotOnline");
}

}  // namespace
}  // namespace nave::test
