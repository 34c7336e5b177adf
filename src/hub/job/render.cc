#include "hub/job/render.h"

#include <algorithm>
#include <utility>

#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

class Writer {
 public:
  void text(std::string_view name, std::string_view value) {
    begin(name);
    json::write_string(value, out_);
  }
  // `json`: text that is JSON already.
  void raw(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
  }
  void number(std::string_view name, uint64_t n) { raw(name, std::to_string(n)); }
  void time(std::string_view name, UtcTime t) { text(name, format_iso8601(t)); }
  std::string take() { return std::move(out_) + "}"; }

 private:
  void begin(std::string_view name) {
    out_ += out_.size() > 1 ? "," : "";
    json::write_string(name, out_);
    out_ += ':';
  }
  std::string out_ = "{";
};

std::string statistics(const JobState& s, uint64_t running) {
  const uint64_t ended = s.succeeded + s.failed;
  running = std::min(running, s.targets - std::min(s.targets, ended));
  Writer out;
  out.number("deviceCount", s.targets);
  out.number("failedCount", s.failed);
  out.number("succeededCount", s.succeeded);
  out.number("runningCount", running);
  out.number("pendingCount", s.targets - std::min(s.targets, ended + running));
  return out.take();
}

// What was not reached when the job ended never will be.
std::string_view row_status(const Job& job, const JobRow& row) {
  switch (row.status) {
    case JobRowStatus::kPending:
      return is_ended(job.state.status) ? "canceled" : "pending";
    case JobRowStatus::kRunning:
      return "running";
    case JobRowStatus::kCompleted:
      return "completed";
    case JobRowStatus::kFailed:
      break;
  }
  return "failed";
}

json::Value outcome_of(const MethodAnswer& answer) {
  json::Object response;
  response.append("status", answer.status);
  response.append("payload", json::parse(answer.payload).value_or(json::Value()));
  json::Object out;
  out.append("deviceMethodResponse", std::move(response));
  return out;
}

}  // namespace

// No name twice in two spellings, and nothing that is null: the Java client fails on either. No end before there is
// one: the service itself once said the year 9999.
std::string job_text(const Job& job, uint64_t running) {
  const JobOrder& o = job.order;
  Writer out;
  out.text("jobId", o.id);
  out.text("queryCondition", o.condition);
  out.time("createdTime", o.created);
  out.time("startTime", o.start);
  if (is_ended(job.state.status)) out.time("endTime", job.state.ended);
  out.number("maxExecutionTimeInSeconds", static_cast<uint64_t>(o.execution_seconds_max));
  out.text("type", name_of(o.type));
  out.raw(o.type == JobType::kUpdateTwin ? "updateTwin" : "cloudToDeviceMethod", o.content);
  out.text("status", name_of(job.state.status));
  if (!job.state.failure_reason.empty()) {
    out.text("failureReason", job.state.failure_reason);
    out.text("statusMessage", job.state.failure_reason);
  }
  out.raw("deviceJobStatistics", statistics(job.state, running));
  return out.take();
}

std::string unknown_job_text(std::string_view id) {
  Writer out;
  out.text("jobId", id);
  out.text("type", "unknown");
  out.text("status", "unknown");
  return out.take();
}

// Dates are never absent: they are no nullable ones in C#.
json::Object job_row_document(const Job& job, const JobRow& row) {
  json::Object out;
  out.append("deviceId", row.key.device);
  if (row.key.is_module()) out.append("moduleId", row.key.module);
  out.append("jobId", job.order.id);
  out.append("jobType", name_of(job.order.type));
  out.append("status", row_status(job, row));
  out.append("startTimeUtc", format_iso8601(row.started));
  out.append("endTimeUtc", format_iso8601(row.ended));
  out.append("createdDateTimeUtc", format_iso8601(row.created));
  out.append("lastUpdatedDateTimeUtc", format_iso8601(std::max({row.created, row.started, row.ended})));
  if (row.answer) out.append("outcome", outcome_of(*row.answer));
  if (!row.error_code.empty()) {
    json::Object error;
    error.append("code", row.error_code);
    error.append("description", row.error_text);
    out.append("error", std::move(error));
  }
  return out;
}

}  // namespace nave::hub
