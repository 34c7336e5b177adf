#include "hub/job/service.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/url.h"
#include "hub/job/render.h"
#include "hub/job/request.h"
#include "hub/query/limits.h"
#include "hub/query/token.h"

namespace nave::hub {
namespace {

constexpr size_t kListedAtOnce = 256;
constexpr size_t kListedMax = 4096;  // jobs that one page looks at

Error store_error(StoreError error) {
  if (error == StoreError::kAlreadyExists) return ErrorCode::kJobAlreadyExists;
  if (error == StoreError::kNotFound) return ErrorCode::kJobNotFound;
  return ErrorCode::kServiceUnavailable;
}

JobOptions bounded(JobOptions options) {
  options.active_max = std::clamp<uint32_t>(options.active_max, 1, kJobActiveMax);
  options.calls_max = std::clamp<uint32_t>(options.calls_max, 1, kJobCallsMax);
  return options;
}

bool is_listed(const Job& job, const JobListRequest& request) {
  return (request.type.empty() || equals_ignore_case(request.type, name_of(job.order.type))) &&
         (request.status.empty() || equals_ignore_case(request.status, name_of(job.state.status)));
}

// What a token of the list is bound to.
std::string list_text(const JobListRequest& request) {
  return "jobs of type " + request.type + " and status " + request.status;
}

}  // namespace

struct JobService::Active {
  Job job;  // until there is a run
  std::shared_ptr<JobRun> run = {};
  bool busy = false;  // it is being created or cancelled

  [[nodiscard]] const Job& current() const { return run ? run->job() : job; }
};

JobService::Counters JobService::make_counters(Metrics& metrics, const std::string& name, const std::string& what) {
  return {metrics.counter("jobs_" + name + "_success", what + " that succeeded"),
          metrics.counter("jobs_" + name + "_failure", what + " that failed")};
}

JobService::JobService(const Means& means, const JobOptions& options, Metrics& metrics)
    : means_(means),
      options_(bounded(options)),
      pace_(options_.operations_per_second, means.clock.steady_ms()),
      run_means_{means_.store, means_.sources, means_.work, means_.clock, pace_, options_, stopping_},
      creates_twin_(make_counters(metrics, "createTwinUpdateJob", "Orders of jobs that update twins")),
      creates_method_(make_counters(metrics, "createDirectMethodJob", "Orders of jobs that call methods")),
      cancels_(make_counters(metrics, "cancelJob", "Cancellations of jobs")),
      lists_(make_counters(metrics, "listJobs", "Pages of lists of jobs")),
      completed_(metrics.counter("jobs_completed", "Jobs that were completed")),
      failed_(metrics.counter("jobs_failed", "Jobs that failed")),
      active_count_(metrics.gauge("nave_jobs_active", "Jobs that have not ended")) {}

JobService::~JobService() = default;

void JobService::start() {
  means_.work.worker.post([this] {
    auto jobs = means_.store.load_unfinished_jobs();
    if (!jobs) {
      log::write(log::Level::kError, log::Category::kJobsOperations, "the jobs that were left cannot be read");
      return;
    }
    for (Job& job : *jobs) {
      Active& active = active_.try_emplace(job.order.id, Active{job}).first->second;
      if (job.state.status != JobStatus::kScheduled) begin(active);
    }
    active_count_.set(static_cast<int64_t>(active_.size()));
  });
}

template <class Answer, class Act>
void JobService::ask(const Counters& counters, Executor& reply_on, Reply<Answer> reply, Act act) {
  Reply<Answer> counted = [this, &counters, &reply_on, reply = std::move(reply)](HubResult<Answer> answer) mutable {
    (answer ? counters.success : counters.failure).add();
    requests_.fetch_sub(1, std::memory_order_relaxed);
    reply_on.post([reply = std::move(reply), answer = std::move(answer)]() mutable { reply(std::move(answer)); });
  };
  if (requests_.fetch_add(1, std::memory_order_relaxed) >= kJobRequestsMax) {
    return counted(fail(Error(ErrorCode::kThrottlingException)));
  }
  means_.work.worker.post([act = std::move(act), counted = std::move(counted)]() mutable { act(std::move(counted)); });
}

// ---------------------------------------------------------------------------------------------------------------------
// What callers ask.

void JobService::create(JobOrder order, Executor& reply_on, Reply<std::string> reply) {
  const Counters& counters = order.type == JobType::kUpdateTwin ? creates_twin_ : creates_method_;
  ask<std::string>(counters, reply_on, std::move(reply), [this, order = std::move(order)](auto answer) mutable {
    do_create(std::move(order), std::move(answer));
  });
}

void JobService::do_create(JobOrder order, Reply<std::string> reply) {
  const auto existing = means_.store.load_job(order.id);
  if (!existing) return reply(fail(store_error(existing.error())));
  if (*existing || active_.contains(order.id)) return reply(fail(Error(ErrorCode::kJobAlreadyExists)));
  if (auto ok = time_job_order(order, means_.clock.utc()); !ok) return reply(fail(ok.error()));
  if (active_.size() >= options_.active_max) {
    return reply(fail(Error(ErrorCode::kThrottlingMaxActiveJobCountExceeded)));
  }
  JobState state;
  if (order.start > order.created) state.status = JobStatus::kScheduled;
  active_.emplace(order.id, Active{{0, order, state}, {}, true});
  active_count_.set(static_cast<int64_t>(active_.size()));
  means_.store.create_job(order, state, means_.work.worker,
                          [this, id = order.id, reply = std::move(reply)](Result<uint64_t, StoreError> number) mutable {
                            if (number) return on_created(id, *number, std::move(reply));
                            on_created(id, fail(store_error(number.error())), std::move(reply));
                          });
}

void JobService::on_created(const std::string& id, HubResult<uint64_t> number, Reply<std::string> reply) {
  Active& active = active_.at(id);
  if (!number) {
    active_.erase(id);
    active_count_.set(static_cast<int64_t>(active_.size()));
    return reply(fail(number.error()));
  }
  active.job.number = *number;
  active.busy = false;
  reply(text_of(active.job));
  if (active.job.state.status == JobStatus::kQueued) begin(active);
}

void JobService::find(std::string id, Executor& reply_on, Reply<std::string> reply) {
  means_.work.worker.post([this, id = std::move(id), &reply_on, reply = std::move(reply)]() mutable {
    reply_on.post([reply = std::move(reply), answer = do_find(id)]() mutable { reply(std::move(answer)); });
  });
}

HubResult<std::string> JobService::do_find(const std::string& id) const {
  if (const auto it = active_.find(id); it != active_.end()) return text_of(it->second.current());
  const auto job = means_.store.load_job(id);
  if (!job) return fail(store_error(job.error()));
  return *job ? text_of(**job) : unknown_job_text(id);
}

std::string JobService::text_of(const Job& job) const {
  const auto it = active_.find(job.order.id);
  return job_text(job, it == active_.end() || !it->second.run ? 0 : it->second.run->running());
}

void JobService::cancel(std::string id, Executor& reply_on, Reply<std::string> reply) {
  ask<std::string>(cancels_, reply_on, std::move(reply),
                   [this, id = std::move(id)](auto answer) { do_cancel(id, std::move(answer)); });
}

void JobService::do_cancel(const std::string& id, Reply<std::string> reply) {
  const auto it = active_.find(id);
  if (it == active_.end()) {
    const auto job = means_.store.load_job(id);
    if (!job) return reply(fail(store_error(job.error())));
    return reply(fail(Error(*job ? ErrorCode::kOperationNotAllowedInCurrentState : ErrorCode::kJobNotFound)));
  }
  Active& active = it->second;
  if (active.busy || active.run) return reply(fail(Error(ErrorCode::kOperationNotAllowedInCurrentState)));
  active.busy = true;
  Job job = active.job;
  job.state.status = JobStatus::kCancelled;
  job.state.ended = means_.clock.utc();
  means_.store.update_job(job.number, job.state, {}, means_.work.worker,
                          [this, job, reply = std::move(reply)](Result<void, StoreError> outcome) mutable {
                            on_cancelled(job.order.id, job, outcome.has_value(), std::move(reply));
                          });
}

void JobService::on_cancelled(const std::string& id, const Job& job, bool stored, Reply<std::string> reply) {
  if (!stored) {
    active_.at(id).busy = false;
    return reply(fail(Error(ErrorCode::kServiceUnavailable)));
  }
  on_ended(id);
  reply(job_text(job, 0));
}

void JobService::list(JobListRequest request, Executor& reply_on, Reply<QueryPage> reply) {
  ask<QueryPage>(lists_, reply_on, std::move(reply),
                 [this, request = std::move(request)](auto answer) { answer(do_list(request)); });
}

HubResult<QueryPage> JobService::do_list(const JobListRequest& request) const {
  QueryPosition position;  // `groups`: the number of the last job that was looked at
  if (!request.continuation.empty()) {
    const auto from = read_token(request.continuation, list_text(request));
    if (!from) return fail(Error(ErrorCode::kArgumentInvalid, "The continuation token is not one of this list"));
    position = *from;
  }
  const size_t page_rows =
      request.page_rows == 0 ? kQueryPageRowsDefault : std::min(request.page_rows, kQueryPageRowsMax);
  std::string text;
  size_t rows = 0;
  for (size_t looked_at = 0;;) {
    const auto jobs = means_.store.load_jobs(position.groups, kListedAtOnce, kJobListBytesMax);
    if (!jobs) return fail(store_error(jobs.error()));
    if (jobs->empty()) return QueryPage{"[" + text + "]", "JobResponse", {}};
    looked_at += jobs->size();
    for (const Job& job : *jobs) {
      if (is_listed(job, request)) {
        const bool full = rows >= page_rows || text.size() >= kJobListBytesMax;
        if (full) return QueryPage{"[" + text + "]", "JobResponse", write_token(position, list_text(request))};
        text += (rows++ > 0 ? "," : "") + text_of(job);
      }
      position.groups = job.number;
    }
    if (looked_at >= kListedMax) {
      return QueryPage{"[" + text + "]", "JobResponse", write_token(position, list_text(request))};
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What goes by the clock.

void JobService::begin(Active& active) {
  active.run = std::make_shared<JobRun>(run_means_, active.job, [this, id = active.job.order.id] { on_ended(id); });
  active.run->start();
}

void JobService::on_ended(const std::string& id) {
  const auto it = active_.find(id);
  const JobState& state = it->second.current().state;
  if (state.status == JobStatus::kCompleted) completed_.add();
  if (state.status == JobStatus::kFailed) {
    failed_.add();
    log::write_limited(log::Level::kWarning, log::Category::kJobsOperations, "job-failed", "a job failed",
                       {{"job", id}, {"reason", state.failure_reason}});
  }
  active_.erase(it);
  active_count_.set(static_cast<int64_t>(active_.size()));
}

void JobService::on_tick() {
  if (tick_posted_.exchange(true)) return;
  means_.work.worker.post([this] {
    tick_posted_ = false;
    tick();
  });
}

void JobService::tick() {
  const UtcTime now = means_.clock.utc();
  for (auto& [id, active] : active_) {
    if (active.run) {
      active.run->on_tick();
    } else if (!active.busy && now >= active.job.order.start) {
      begin(active);
    }
  }
  if (!forgetting_) forget_old();
}

// A little at a time: a job may have a million rows.
void JobService::forget_old() {
  const auto number = means_.store.find_ended_job(means_.clock.utc() - std::chrono::days(kJobHistoryDays));
  if (!number) return;
  forgetting_ = true;
  means_.store.erase_job(*number, kJobErasedRows, means_.work.worker,
                         [this](Result<void, StoreError>) { forgetting_ = false; });
}

}  // namespace nave::hub
