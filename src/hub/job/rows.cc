#include "hub/job/rows.h"

#include <utility>

#include "hub/job/limits.h"
#include "hub/job/render.h"

namespace nave::hub {
namespace {

using query::Expression;

constexpr size_t kJobsOfABatch = 64;

// The string that the path `name` must equal.
std::optional<std::string> required(const Expression& e, std::string_view name) {
  if (e.kind == Expression::Kind::kAnd) {
    for (const Expression& child : e.children) {
      if (auto text = required(child, name)) return text;
    }
    return {};
  }
  // Fields that are compared in any case of letters are of no use here.
  if (e.kind != Expression::Kind::kCompare || e.comparison != query::Comparison::kEqual || e.fold_case) return {};
  const bool path_first = e.children[0].kind == Expression::Kind::kPath;
  const Expression& path = e.children[path_first ? 0 : 1];
  const Expression& literal = e.children[path_first ? 1 : 0];
  if (path.kind != Expression::Kind::kPath || path.path.steps.size() != 1 || path.path.steps[0].name != name) return {};
  if (literal.kind != Expression::Kind::kLiteral || literal.value.type != query::Type::kString) return {};
  return literal.text;
}

}  // namespace

JobRowFilter job_row_filter_of(const query::Statement& statement) {
  if (!statement.where) return {};
  return {required(*statement.where, "jobId"), required(*statement.where, "deviceId")};
}

JobRows::JobRows(const JobStore& store, Metrics& metrics)
    : store_(store),
      success_(metrics.counter("jobs_queryJobs_success", "Pages of queries over devices.jobs that were answered")),
      failure_(metrics.counter("jobs_queryJobs_failure", "Pages of queries over devices.jobs that failed")) {}

Result<std::vector<Job>, StoreError> JobRows::jobs_from(const JobRowFilter& filter, uint64_t number) const {
  if (!filter.job_id) return store_.load_jobs(number == 0 ? 0 : number - 1, kJobsOfABatch, kJobTurnBytes);
  auto job = store_.load_job(*filter.job_id);
  if (!job) return fail(job.error());
  std::vector<Job> out;
  if (*job && (*job)->number >= number) out.push_back(**std::move(job));
  return out;
}

Result<std::vector<JobRow>, StoreError> JobRows::rows_of(const Job& job, const JobRowFilter& filter,
                                                         const IdentityKey& after) const {
  if (!filter.device_id) return store_.load_job_rows(job.number, after, {}, kJobReadRows, kJobTurnBytes);
  auto rows = store_.load_device_rows(job.number, *filter.device_id);
  if (rows) std::erase_if(*rows, [&](const JobRow& row) { return row.key <= after; });
  return rows;
}

Result<JobRows::Batch, StoreError> JobRows::next(const JobRowFilter& filter, const JobRowPosition& after) const {
  const auto jobs = jobs_from(filter, after.number);
  if (!jobs) return fail(jobs.error());
  Batch out{{}, after, jobs->empty()};
  for (const Job& job : *jobs) {
    const bool is_first = job.number == after.number;
    const auto rows = rows_of(job, filter, is_first ? after.key : IdentityKey());
    if (!rows) return fail(rows.error());
    out.to = {job.number, is_first ? after.key : IdentityKey()};
    for (const JobRow& row : *rows) {
      out.to = {job.number, row.key};
      out.documents.push_back({out.to, job_row_document(job, row)});
    }
    // What is left of this job, if anything, comes first in the next batch.
    if (!out.documents.empty()) return out;
  }
  // None of these jobs has further rows. The next one begins a batch of its own.
  if (!jobs->empty()) out.to = {jobs->back().number + 1, {}};
  out.end = out.end || filter.job_id.has_value();
  return out;
}

}  // namespace nave::hub
