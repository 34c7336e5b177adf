#include "hub/job/run.h"

#include <iterator>
#include <utility>

namespace nave::hub {
namespace {

constexpr const char* kInterrupted =
    "The hub stopped before the device had answered. The device may have run the method, it is not called again.";

// The hub itself could not, and nothing has happened. Of a method only being throttled says so.
bool is_transient(ErrorCode code, bool only_once) {
  return code == ErrorCode::kThrottlingException || (code == ErrorCode::kServiceUnavailable && !only_once);
}

}  // namespace

struct JobRun::Update {
  JobState state;
  std::vector<JobRow> rows;
  size_t claims = 0;  // the last rows, which are to be sent afterwards
};

JobRun::JobRun(const Means& means, Job job, Ended ended)
    : means_(means),
      job_(std::move(job)),
      ended_(std::move(ended)),
      selected_to_(job_.state.selected_to),
      selected_(job_.state.selected) {}

JobRun::~JobRun() = default;

void JobRun::start() {
  auto work = make_job_work(job_.order, means_.work);
  if (!work) {
    stop(work.error().message);
  } else {
    work_ = *std::move(work);
  }
  auto selection = JobSelection::parse(job_.order.condition, means_.sources);
  if (!selection) {
    stop(std::move(selection.error()));
  } else {
    selection_.emplace(*std::move(selection));
  }
  if (job_.state.status == JobStatus::kRunning) {
    if (selected_) {
      phase_ = Phase::kSettle;
      to_look_at_ = kJobTwinsOpenMax;
    }
    return go_on();
  }
  Update update{job_.state, {}, 0};
  update.state.status = JobStatus::kRunning;
  update.state.started = means_.clock.utc();
  submit(std::move(update));
}

void JobRun::on_tick() {
  if (phase_ == Phase::kEnded) return;
  if (std::exchange(update_failed_, false)) submit(*std::exchange(update_, nullptr));
  std::ranges::move(again_, std::front_inserter(ahead_));
  again_.clear();
  go_on();
}

// Not before what an earlier process left is settled: those rows have an end of their own.
void JobRun::look_at_the_time() {
  if (job_.state.started == kNever || phase_ == Phase::kSettle) return;
  const auto seconds = job_.order.execution_seconds_max;
  if (means_.clock.utc() < job_.state.started + std::chrono::seconds(seconds)) return;
  stop("The job was not done within its maximum execution time of " + std::to_string(seconds) + " seconds");
}

// What is under way goes on to its end; targets that were not begun keep their rows.
void JobRun::stop(std::string reason) {
  if (!stop_reason_.empty()) return;
  stop_reason_ = std::move(reason);
  if (phase_ == Phase::kSelect) outcomes_.clear();
  ahead_.clear();
  again_.clear();
  claims_.clear();
}

void JobRun::go_on() {
  if (std::exchange(posted_, true)) return;
  means_.work.worker.post([self = shared_from_this()] { self->turn(); });
}

void JobRun::turn() {
  posted_ = false;
  if (phase_ == Phase::kEnded) return;
  look_at_the_time();
  bool more = false;
  if (stop_reason_.empty()) {
    if (phase_ == Phase::kSettle) {
      more = settle();
    } else {
      more = phase_ == Phase::kSelect ? select() : work();
    }
  }
  write();
  if (more) go_on();
}

// ---------------------------------------------------------------------------------------------------------------------
// The phases.

bool JobRun::settle() {
  if (update_ || !outcomes_.empty()) return false;
  auto rows = means_.store.load_job_rows(job_.number, {}, JobRowStatus::kRunning, kJobCallsMax, kJobListBytesMax);
  if (!rows) return false;
  if (rows->empty()) {
    phase_ = Phase::kWork;
    return true;
  }
  for (JobRow& row : *rows) keep(std::move(row), fail(Error(ErrorCode::kServiceUnavailable, kInterrupted)));
  return false;
}

bool JobRun::select() {
  const bool enough = outcomes_.size() >= kJobSelectedRowsMax || looked_at_ >= kJobSelectedTwinsMax;
  if (selected_ || (enough && update_)) return false;
  const auto batch = selection_->next(selected_to_);
  if (!batch) return false;  // on the next tick again
  const UtcTime now = means_.clock.utc();
  for (const IdentityKey& key : batch->targets) outcomes_.push_back({.key = key, .created = now});
  selected_to_ = batch->to;
  selected_ = batch->end;
  looked_at_ += batch->looked_at;
  return !selected_;
}

bool JobRun::work() {
  if (means_.stopping.load(std::memory_order_relaxed)) return false;
  const int64_t now = means_.clock.steady_ms();
  for (size_t begun = 0; unrecorded() < open_max(); ++begun) {
    if (begun == kJobTurnStarts) return true;
    if (ahead_.empty() && !read_ahead()) return false;
    if (!means_.pace.take(now)) return false;
    JobRow row = std::move(ahead_.front());
    ahead_.pop_front();
    begin(std::move(row));
  }
  return false;
}

bool JobRun::read_ahead() {
  if (read_all_) return false;
  auto rows =
      means_.store.load_job_rows(job_.number, read_to_, JobRowStatus::kPending, kJobRowsAhead, kJobListBytesMax);
  if (!rows) return false;
  read_all_ = rows->empty();
  if (read_all_) return false;
  read_to_ = rows->back().key;
  std::ranges::move(*rows, std::back_inserter(ahead_));
  return true;
}

// In the order of their keys and no more than open_max() at a time: so, of rows that another process left pending, it
// had begun with none but the first so many.
void JobRun::begin(JobRow row) {
  row.started = means_.clock.utc();
  if (to_look_at_ > 0) {
    --to_look_at_;
    if (work_->is_done(row.key)) return keep(std::move(row), std::optional<MethodAnswer>());
  }
  if (work_->only_once()) {
    row.status = JobRowStatus::kRunning;
    claims_.push_back(std::move(row));
    return;
  }
  const IdentityKey key = row.key;
  send(key, std::move(row));
}

void JobRun::send(const IdentityKey& key, JobRow row) {
  open_.emplace(key, std::move(row));
  work_->begin(key, [self = shared_from_this(), key](HubResult<std::optional<MethodAnswer>> result) {
    self->on_done(key, std::move(result));
  });
}

void JobRun::on_done(const IdentityKey& key, HubResult<std::optional<MethodAnswer>> result) {
  auto node = open_.extract(key);
  JobRow& row = node.mapped();
  const bool nothing_happened = !result && is_transient(result.error().code, work_->only_once());
  if (nothing_happened && stop_reason_.empty()) {
    again_.push_back(std::move(row));
  } else if (!nothing_happened || work_->only_once()) {
    keep(std::move(row), std::move(result));
  }
  go_on();
}

void JobRun::keep(JobRow row, HubResult<std::optional<MethodAnswer>> result) {
  row.ended = means_.clock.utc();
  if (result) {
    row.status = JobRowStatus::kCompleted;
    row.answer = *std::move(result);
  } else {
    row.status = JobRowStatus::kFailed;
    row.error_code = hub::row(result.error().code).name;
    row.error_text = result.error().message;
  }
  outcomes_.push_back(std::move(row));
}

size_t JobRun::open_max() const {
  return work_->only_once() ? means_.options.calls_max : kJobTwinsOpenMax;
}

size_t JobRun::unrecorded() const {
  return open_.size() + again_.size() + claims_.size() + outcomes_.size() + (update_ ? update_->rows.size() : 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// The record.

bool JobRun::wants_to_write() const {
  if (phase_ != Phase::kSelect) return !outcomes_.empty() || !claims_.empty();
  return selected_ || outcomes_.size() >= kJobSelectedRowsMax || looked_at_ >= kJobSelectedTwinsMax;
}

bool JobRun::is_done() const {
  if (!open_.empty() || !outcomes_.empty() || !claims_.empty()) return false;
  if (!stop_reason_.empty()) return true;
  return phase_ == Phase::kWork && read_all_ && ahead_.empty() && again_.empty();
}

void JobRun::write() {
  if (update_) return;
  Update update{job_.state, {}, 0};
  if (is_done()) {
    update.state.status = stop_reason_.empty() ? JobStatus::kCompleted : JobStatus::kFailed;
    update.state.failure_reason = stop_reason_;
    update.state.ended = means_.clock.utc();
    return submit(std::move(update));
  }
  if (!wants_to_write()) return;
  update.rows = std::exchange(outcomes_, {});
  update.claims = claims_.size();
  std::ranges::move(claims_, std::back_inserter(update.rows));
  claims_.clear();
  update.state.selected = selected_;
  update.state.selected_to = selected_to_;
  looked_at_ = 0;
  for (const JobRow& row : update.rows) {
    update.state.targets += row.status == JobRowStatus::kPending ? 1 : 0;
    update.state.succeeded += row.status == JobRowStatus::kCompleted ? 1 : 0;
    update.state.failed += row.status == JobRowStatus::kFailed ? 1 : 0;
  }
  submit(std::move(update));
}

void JobRun::submit(Update update) {
  update_ = std::make_unique<Update>(std::move(update));
  means_.store.update_job(job_.number, update_->state, update_->rows, means_.work.worker,
                          [self = shared_from_this()](Result<void, StoreError> outcome) { self->on_written(outcome); });
}

void JobRun::on_written(Result<void, StoreError> outcome) {
  if (!outcome) {
    update_failed_ = true;  // on the next tick again
    return;
  }
  const std::unique_ptr<Update> written = std::exchange(update_, nullptr);
  job_.state = written->state;
  if (is_ended(job_.state.status)) {
    phase_ = Phase::kEnded;
    return std::exchange(ended_, nullptr)();
  }
  if (phase_ == Phase::kSelect && job_.state.selected) phase_ = Phase::kWork;
  for (auto row = written->rows.end() - static_cast<std::ptrdiff_t>(written->claims); row != written->rows.end();
       ++row) {
    const IdentityKey key = row->key;
    send(key, std::move(*row));
  }
  go_on();
}

}  // namespace nave::hub
