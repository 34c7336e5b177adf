#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "app/commands/pages.h"
#include "app/commands/progress_bar.h"
#include "base/url.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

const Columns kColumns = {{"JobId", "jobId"},
                          {"Type", "type"},
                          {"Status", "status"},
                          {"Created", "createdTime"},
                          {"Condition", "queryCondition"}};

std::string job_path(const JobOptions& o) {
  return "/jobs/v2/" + percent_encode(o.job);
}

json::Value parse_job(const ClientResponse& response) {
  auto job = json::parse(response.body);
  if (!job || job->if_object() == nullptr) throw std::runtime_error("the hub's answer is not a JSON object");
  return *std::move(job);
}

void print(const JobOptions& o, const json::Value& job) {
  std::cout << shown(job, o.output, kColumns);
}

std::string text_of(const json::Object& job, const char* name) {
  const json::Value* const value = job.find(name);
  return value == nullptr || value->if_string() == nullptr ? "" : *value->if_string();
}

int64_t statistic(const json::Object& job, const char* name) {
  const json::Value* const all = job.find("deviceJobStatistics");
  const json::Value* const value =
      all == nullptr || all->if_object() == nullptr ? nullptr : all->if_object()->find(name);
  return value == nullptr ? 0 : value->to_int64().value_or(0);
}

json::Value parse_argument(const char* flag, const std::string& text) {
  auto value = json::parse(argument_text(text));
  if (!value) throw std::runtime_error(std::string(flag) + ": " + value.error().message());
  return *std::move(value);
}

json::Value twin_update(const JobOptions& o) {
  if (o.twin_patch.empty()) throw std::runtime_error("a job of type scheduleUpdateTwin wants --twin-patch");
  json::Value patch = parse_argument("--twin-patch", o.twin_patch);
  if (patch.if_object() == nullptr) throw std::runtime_error("--twin-patch must be a JSON object");
  // The only one that the service takes, so that nobody has to write it.
  patch.if_object()->set("etag", "*");
  return patch;
}

json::Value method(const JobOptions& o) {
  if (o.method_name.empty()) throw std::runtime_error("a job of type scheduleDeviceMethod wants --method-name");
  json::Object out;
  out.append("methodName", o.method_name);
  out.append("payload",
             o.method_payload.empty() ? json::Value() : parse_argument("--method-payload", o.method_payload));
  out.append("responseTimeoutInSeconds", uint64_t{o.method_response_timeout_s});
  out.append("connectTimeoutInSeconds", uint64_t{o.method_connect_timeout_s});
  return out;
}

json::Object order(const JobOptions& o) {
  json::Object out;
  out.append("jobId", o.job);
  out.append("type", o.type);
  out.append("queryCondition", argument_text(o.condition));
  if (o.type == "scheduleUpdateTwin") {
    out.append("updateTwin", twin_update(o));
  } else {
    out.append("cloudToDeviceMethod", method(o));
  }
  if (!o.start.empty()) out.append("startTime", o.start);
  out.append("maxExecutionTimeInSeconds", uint64_t{o.ttl_s});
  return out;
}

bool has_ended(const json::Object& job) {
  const std::string status = text_of(job, "status");
  return status == "completed" || status == "failed" || status == "cancelled" || status == "unknown";
}

json::Value wait_for_end(const Target& target, const JobOptions& o, json::Value job) {
  ProgressBar bar(isatty(STDERR_FILENO) != 0);
  while (!has_ended(*job.if_object())) {
    std::this_thread::sleep_for(std::chrono::duration<double>(o.poll_interval_s));
    job = parse_job(call_service(target, "GET", job_path(o), "", ""));
    const json::Object& now = *job.if_object();
    const int64_t failed = statistic(now, "failedCount");
    bar.show(text_of(now, "status"), statistic(now, "succeededCount") + failed, statistic(now, "deviceCount"),
             failed == 0 ? "" : std::to_string(failed) + " failed");
  }
  return job;
}

}  // namespace

void job_create(const JobOptions& o) {
  const Target target = resolve_target(o.target);
  json::Value job = parse_job(call_service(target, "PUT", job_path(o), "", json::to_text(order(o))));
  if (o.wait) job = wait_for_end(target, o, std::move(job));
  print(o, job);
  if (o.wait && text_of(*job.if_object(), "status") != "completed") {
    throw std::runtime_error("the job is " + text_of(*job.if_object(), "status"));
  }
}

void job_show(const JobOptions& o) {
  const json::Value job = parse_job(call_service(resolve_target(o.target), "GET", job_path(o), "", ""));
  if (text_of(*job.if_object(), "status") == "unknown") throw std::runtime_error("there is no job " + o.job);
  print(o, job);
}

void job_cancel(const JobOptions& o) {
  print(o, parse_job(call_service(resolve_target(o.target), "POST", job_path(o) + "/cancel", "", "")));
}

void job_list(const JobOptions& o) {
  std::string path = "/jobs/v2/query";
  char separator = '?';
  for (const auto& [name, value] : {std::pair("jobType", &o.type), std::pair("jobStatus", &o.status)}) {
    if (value->empty()) continue;
    path += std::string(1, separator) + name + "=" + percent_encode(*value);
    separator = '&';
  }
  json::Array jobs = all_pages(resolve_target(o.target), "GET", path, "", o.top);
  std::cout << shown(std::move(jobs), o.output, kColumns);
}

}  // namespace nave::app
