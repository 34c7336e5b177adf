// What a job may ask for (reference/service-rest.md §14.1).
#include "hub/job/request.h"

#include <gtest/gtest.h>

#include "hub/job/limits.h"
#include "hub/job/pace.h"
#include "hub/job/render.h"
#include "json/parse.h"
#include "json/write.h"
#include "query/parser.h"

namespace nave::hub {
namespace {

HubResult<JobOrder> read(const std::string& body, const std::string& id = "j1") {
  return read_job_order(id, *json::parse(body)->if_object());
}
std::string refusal(const std::string& body, const std::string& id = "j1") {
  const auto order = read(body, id);
  return order ? "none" : std::string(row(order.error().code).name);
}
std::string twin(const std::string& more, const std::string& update = R"({"etag":"*"})") {
  return R"({"type":"scheduleUpdateTwin","queryCondition":"*","updateTwin":)" + update + more + "}";
}
std::string method(const std::string& content) {
  return R"({"type":"scheduleDeviceMethod","queryCondition":"*","updateTwin":null,"cloudToDeviceMethod":)" + content +
         "}";
}

TEST(JobRequest, Types) {
  EXPECT_EQ(read(twin(""))->type, JobType::kUpdateTwin);
  EXPECT_EQ(read(method(R"({"methodName":"m"})"))->type, JobType::kDeviceMethod);
  for (const char* type : {"\"scheduleTwinUpdate\"", "\"scheduleDirectMethod\"", "\"export\"", "\"\"", "null", "1"}) {
    EXPECT_EQ(refusal(R"({"queryCondition":"*","updateTwin":{"etag":"*"},"type":)" + std::string(type) + "}"),
              "GenericBadRequest")
        << type;
  }
  EXPECT_EQ(refusal(R"({"queryCondition":"*","updateTwin":{"etag":"*"}})"), "GenericBadRequest");
}

TEST(JobRequest, Ids) {
  EXPECT_EQ(read(twin(R"(,"jobId":"j1")"))->id, "j1");
  EXPECT_EQ(read(twin(R"(,"jobId":1234)"), "1234")->id, "1234") << "Node sends the number it was given";
  EXPECT_EQ(read(twin(R"(,"jobId":null)"))->id, "j1");
  EXPECT_EQ(refusal(twin(R"(,"jobId":"j2")")), "ArgumentInvalid");
  EXPECT_EQ(refusal(twin(R"(,"jobId":{})")), "ArgumentInvalid");
  EXPECT_EQ(refusal(twin(""), std::string(128, 'x')), "none");
  EXPECT_EQ(refusal(twin(""), std::string(129, 'x')), "ArgumentInvalid");
  EXPECT_EQ(refusal(twin(""), "a b"), "ArgumentInvalid");
}

TEST(JobRequest, TheEtagOfATwinUpdateIsAStar) {
  for (const char* update : {R"({})", R"({"etag":"AAAAAAAAAAE="})", R"({"etag":null})", R"({"etag":1})"}) {
    const auto order = read(twin("", update));
    ASSERT_FALSE(order) << update;
    EXPECT_EQ(order.error().code, ErrorCode::kArgumentInvalid);
    EXPECT_NE(order.error().message.find("only accepts '*' as the Etag"), std::string::npos);
  }
  EXPECT_EQ(refusal(twin("", "null")), "ArgumentNull");
  EXPECT_EQ(refusal(twin("", "[]")), "ArgumentInvalid");
}

TEST(JobRequest, WhatCountsOfATwinIsKept) {
  const auto order = read(twin("", R"({"etag":"*","deviceId":"d","version":3,"tags":{"a":null,"b":1.50},
      "properties":{"desired":{"x":[1],"$version":7,"$metadata":{}},"reported":{"r":1}}})"));
  EXPECT_EQ(order->content, R"({"etag":"*","tags":{"a":null,"b":1.50},"properties":{"desired":{"x":[1]}}})");
  EXPECT_EQ(read(twin(""))->content, R"({"etag":"*"})");
  const auto clearing = read(twin("", R"({"etag":"*","tags":null})"));
  EXPECT_EQ(clearing->content, R"({"etag":"*","tags":null})");
  EXPECT_TRUE(twin_input_of(*clearing)->clears_tags);
  EXPECT_EQ(refusal(twin("", R"({"etag":"*","tags":{"a.b":1}})")), "ArgumentInvalid");
  EXPECT_EQ(refusal(twin("", R"({"etag":"*","tags":{"a":")" + std::string(4097, 'x') + "\"}}")), "ArgumentInvalid");
}

TEST(JobRequest, Methods) {
  EXPECT_EQ(read(method(R"({"methodName":"m","payload":{"a":1.0},"timeoutInSeconds":10})"))->content,
            R"({"methodName":"m","responseTimeoutInSeconds":10,"connectTimeoutInSeconds":0,"payload":{"a":1.0}})");
  EXPECT_EQ(read(method(R"({"methodName":"m"})"))->content,
            R"({"methodName":"m","responseTimeoutInSeconds":30,"connectTimeoutInSeconds":0,"payload":null})");
  EXPECT_EQ(method_input_of(*read(method(R"({"methodName":"m","responseTimeoutInSeconds":60})")))->response_timeout_s,
            60);
  EXPECT_EQ(refusal(method("null")), "ArgumentNull");
  EXPECT_EQ(refusal(method("{}")), "ArgumentInvalid");
  EXPECT_EQ(refusal(method(R"({"methodName":"m","responseTimeoutInSeconds":4})")), "ArgumentInvalid");
  EXPECT_EQ(refusal(method(R"({"methodName":"m","payload":")" + std::string(131'072, 'x') + "\"}")), "MessageTooLarge");
}

TEST(JobRequest, Conditions) {
  const auto with = [](const std::string& condition) {
    return R"({"type":"scheduleUpdateTwin","updateTwin":{"etag":"*"},"queryCondition":)" + condition + "}";
  };
  EXPECT_EQ(read(with("\"tags.a =\""))->condition, "tags.a =") << "bad ones fail later";
  EXPECT_EQ(refusal(with("null")), "ArgumentNull");
  EXPECT_EQ(refusal(with("7")), "ArgumentInvalid");
  EXPECT_EQ(refusal(R"({"type":"scheduleUpdateTwin","updateTwin":{"etag":"*"}})"), "ArgumentNull");
  EXPECT_EQ(refusal(with("\"" + std::string(query::kQueryCharsMax, 'a') + "\"")), "none");
  EXPECT_EQ(refusal(with("\"" + std::string(query::kQueryCharsMax + 1, 'a') + "\"")), "PreconditionFailed");
}

TEST(JobRequest, Times) {
  EXPECT_EQ(read(twin(""))->execution_seconds_max, kJobExecutionSecondsDefault);
  EXPECT_EQ(read(twin(R"(,"maxExecutionTimeSeconds":5)"))->execution_seconds_max, kJobExecutionSecondsDefault)
      << "a misspelling of old Java clients";
  EXPECT_EQ(read(twin(R"(,"maxExecutionTimeInSeconds":5)"))->execution_seconds_max, 5);
  EXPECT_EQ(read(twin(R"(,"maxExecutionTimeInSeconds":null)"))->execution_seconds_max, kJobExecutionSecondsDefault);
  EXPECT_EQ(read(twin(R"(,"maxExecutionTimeInSeconds":9223372036854775807)"))->execution_seconds_max,
            kJobExecutionSecondsMax);
  for (const char* bad : {"-1", "\"5\"", "1.5", "9223372036854775808"}) {
    EXPECT_EQ(refusal(twin(",\"maxExecutionTimeInSeconds\":" + std::string(bad))), "ArgumentInvalid") << bad;
  }
  EXPECT_EQ(read(twin(R"(,"startTime":null)"))->start, kNever);
  EXPECT_EQ(read(twin(R"(,"startTime":"2026-01-01T02:00:00+02:00")"))->start, from_unix_ms(1'767'225'600'000));
  EXPECT_EQ(refusal(twin(R"(,"startTime":"soon")")), "ArgumentInvalid");
  EXPECT_EQ(refusal(twin(R"(,"startTime":5)")), "ArgumentInvalid");
}

TEST(JobText, OfEveryState) {
  Job job{7, *read(twin(R"(,"startTime":"2026-01-01T00:00:10Z")")), {}};
  job.order.created = from_unix_ms(1'767'225'600'000);
  job.state.status = JobStatus::kScheduled;
  EXPECT_EQ(job_text(job, 0),
            R"({"jobId":"j1","queryCondition":"*","createdTime":"2026-01-01T00:00:00Z",)"
            R"("startTime":"2026-01-01T00:00:10Z","maxExecutionTimeInSeconds":3600,"type":"scheduleUpdateTwin",)"
            R"("updateTwin":{"etag":"*"},"status":"scheduled","deviceJobStatistics":{"deviceCount":0,)"
            R"("failedCount":0,"succeededCount":0,"runningCount":0,"pendingCount":0}})");
  job.state = {JobStatus::kFailed, job.order.start, job.order.start, "too \"slow\"", true, {}, 10, 3, 2};
  const std::string failed = job_text(job, 4);
  EXPECT_NE(failed.find(R"("endTime":"2026-01-01T00:00:10Z")"), std::string::npos);
  EXPECT_NE(failed.find(R"("status":"failed","failureReason":"too \"slow\"","statusMessage":"too \"slow\"")"),
            std::string::npos);
  EXPECT_NE(failed.find(R"("deviceCount":10,"failedCount":2,"succeededCount":3,"runningCount":4,"pendingCount":1)"),
            std::string::npos);
  EXPECT_NE(job_text(job, 9).find(R"("runningCount":5,"pendingCount":0)"), std::string::npos) << "it adds up";
}

TEST(JobText, OfRows) {
  Job job{7, *read(method(R"({"methodName":"m"})")), {}};
  const UtcTime t = from_unix_ms(1'767'225'600'000);
  JobRow row{{"d", "m"}, JobRowStatus::kPending, t};
  const auto text = [&] {
    std::string out;
    json::write(job_row_document(job, row), out);
    return out;
  };
  const std::string head = R"({"deviceId":"d","moduleId":"m","jobId":"j1","jobType":"scheduleDeviceMethod","status":)";
  EXPECT_EQ(text(),
            head + R"("pending","startTimeUtc":"0001-01-01T00:00:00Z","endTimeUtc":"0001-01-01T00:00:00Z",)"
                   R"("createdDateTimeUtc":"2026-01-01T00:00:00Z","lastUpdatedDateTimeUtc":"2026-01-01T00:00:00Z"})");
  job.state.status = JobStatus::kFailed;
  EXPECT_TRUE(text().starts_with(head + "\"canceled\"")) << "one l";
  row.key.module.clear();
  row.status = JobRowStatus::kCompleted;
  row.started = row.ended = t + std::chrono::seconds(1);
  row.answer = {200, R"({"a":1.0})"};
  EXPECT_TRUE(text().ends_with(
      R"("lastUpdatedDateTimeUtc":"2026-01-01T00:00:01Z","outcome":{"deviceMethodResponse":{"status":200,"payload":{"a":1.0}}}})"))
      << text();
  row.status = JobRowStatus::kFailed;
  row.answer = {};
  row.error_code = "DeviceNotOnline";
  row.error_text = "not there";
  EXPECT_TRUE(text().ends_with(R"("error":{"code":"DeviceNotOnline","description":"not there"}})")) << text();
}

TEST(JobPace, GivesWhatASecondBrings) {
  Pace pace(10, 0);
  const auto taken = [&](int64_t now) {
    int out = 0;
    while (out < 100 && pace.take(now)) ++out;
    return out;
  };
  EXPECT_EQ(taken(0), 10);
  EXPECT_EQ(taken(99), 0);
  EXPECT_EQ(taken(500), 5);
  EXPECT_EQ(taken(60'000), 10) << "no more than one second's";
  Pace free(0, 0);
  EXPECT_TRUE(free.take(0) && free.take(0));
}

}  // namespace
}  // namespace nave::hub
