#include "hub/transfer/service.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "hub/transfer/limits.h"
#include "hub/transfer/run.h"

namespace nave::hub {
namespace {

constexpr int64_t kPurgeEveryMs = int64_t{3600} * 1000;

Error validation_error(std::string why) {
  return {ErrorCode::kBlobContainerValidationError, std::move(why)};
}

}  // namespace

TransferService::TransferService(TransferParts parts, Metrics& metrics)
    : parts_(parts),
      completed_(metrics.counter("jobs_completed", "Jobs that were completed", R"(type="importExport")")),
      failed_(metrics.counter("jobs_failed", "Jobs that failed", R"(type="importExport")")),
      lines_(metrics.counter("nave_transfer_lines", "Lines of imports and exports")),
      line_errors_(metrics.counter("nave_transfer_line_errors", "Lines of imports that did not take place")) {
  for (TransferJob& job : parts_.store.load_transfers()) {
    if (job.is_open()) open_ = job.id;
    std::string id = job.id;
    jobs_.emplace(std::move(id), std::move(job));
  }
}

TransferService::~TransferService() = default;

void TransferService::resume() {
  const std::lock_guard lock(mutex_);
  if (!open_.empty()) begin(jobs_.at(open_));
}

void TransferService::begin(const TransferJob& job) {
  parts_.worker.post([this, job] {
    if (job.type == TransferType::kImport) {
      run_ = std::make_shared<ImportRun>(*this, job);
    } else {
      run_ = std::make_shared<ExportRun>(*this, job);
    }
    run_->start();
  });
}

void TransferService::create(TransferJob job, Executor& reply_on, JobReply reply) {
  const auto answer = [&reply_on](JobReply r, HubResult<TransferJob> result) {
    reply_on.post([r = std::move(r), result = std::move(result)]() mutable { r(std::move(result)); });
  };
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.contains(job.id)) return answer(std::move(reply), fail(Error(ErrorCode::kJobAlreadyExists)));
    if (!open_.empty()) return answer(std::move(reply), fail(Error(ErrorCode::kJobQuotaExceeded)));
    open_ = job.id;
    cancelled_ = false;
  }
  parts_.worker.post([this, job = std::move(job), reply = std::move(reply), answer]() mutable {
    const auto give_up = [&](Error error) {
      {
        const std::lock_guard lock(mutex_);
        open_.clear();
      }
      answer(std::move(reply), fail(std::move(error)));
    };
    if (auto ok = validate(job); !ok) return give_up(std::move(ok.error()));
    parts_.store.put_transfer(job, parts_.worker,
                              [this, job, reply = std::move(reply), answer](Result<void, StoreError> kept) mutable {
                                {
                                  const std::lock_guard lock(mutex_);
                                  if (kept) jobs_[job.id] = job;
                                  if (!kept) open_.clear();
                                }
                                if (!kept) return answer(std::move(reply), fail(Error(ErrorCode::kServiceUnavailable)));
                                begin(job);
                                answer(std::move(reply), std::move(job));
                              });
  });
}

HubResult<void> TransferService::validate(const TransferJob& job) {
  if (job.type == TransferType::kImport) {
    const std::string why = "Failed to read devices blob from the input container.";
    auto input = parts_.containers.open(job.input_uri);
    if (!input || !(*input)->size(job.input_blob)) return fail(validation_error(why));
    if (job.include_configurations && !(*input)->size(job.configurations_blob)) {
      return fail(validation_error("Failed to read configurations blob from the input container."));
    }
  }
  auto output = parts_.containers.open(job.output_uri);
  if (!output || !(*output)->check_writable()) {
    return fail(validation_error("Unauthorized to write to output blob container"));
  }
  return {};
}

HubResult<TransferJob> TransferService::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return fail(Error(ErrorCode::kJobNotFound));
  return it->second;
}

std::vector<TransferJob> TransferService::list() const {
  std::vector<TransferJob> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, job] : jobs_) out.push_back(job);
  std::ranges::stable_sort(out, {}, [](const TransferJob& job) { return job.started.value_or(UtcTime::max()); });
  return out;
}

HubResult<void> TransferService::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (!jobs_.contains(id)) return fail(Error(ErrorCode::kJobNotFound));
  if (open_ == id) cancelled_ = true;
  return {};
}

bool TransferService::is_cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void TransferService::save(const TransferJob& job, UniqueFunction<void(bool)> done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_[job.id] = job;
  }
  parts_.store.put_transfer(job, parts_.worker, [done = std::move(done)](Result<void, StoreError> kept) mutable {
    if (done) done(kept.has_value());
  });
}

void TransferService::end(TransferJob job, TransferStatus status, std::string why) {
  job.status = status;
  job.ended = parts_.clock.utc();
  job.failure = std::move(why);
  if (status == TransferStatus::kCompleted) job.progress = 100;
  (status == TransferStatus::kFailed ? failed_ : completed_).add();
  log::write(
      status == TransferStatus::kFailed ? log::Level::kWarning : log::Level::kInfo, log::Category::kJobsOperations,
      "an import or export job ended",
      {{"jobId", job.id}, {"completed", status == TransferStatus::kCompleted ? "yes" : "no"}, {"reason", job.failure}});
  // Seen only when it is kept: who sees that it ended may begin the next one.
  parts_.store.put_transfer(job, parts_.worker, [this, job](Result<void, StoreError> /*kept*/) {
    run_.reset();
    const std::lock_guard lock(mutex_);
    jobs_[job.id] = job;
    open_.clear();
  });
}

void TransferService::on_tick() {
  std::vector<std::string> old;
  {
    const std::lock_guard lock(mutex_);
    if (parts_.clock.steady_ms() < next_purge_ms_ && jobs_.size() <= kTransferHistoryMax) return;
    next_purge_ms_ = parts_.clock.steady_ms() + kPurgeEveryMs;
    const UtcTime oldest = parts_.clock.utc() - std::chrono::days(kTransferHistoryDays);
    for (const auto& [id, job] : jobs_) {
      if (!job.is_open() && job.ended && *job.ended < oldest) old.push_back(id);
    }
    for (const std::string& id : old) jobs_.erase(id);
    while (jobs_.size() > kTransferHistoryMax) {
      const auto oldest_job = std::ranges::min_element(
          jobs_, {}, [](const auto& entry) { return entry.second.ended.value_or(UtcTime::max()); });
      old.push_back(oldest_job->first);
      jobs_.erase(oldest_job);
    }
  }
  if (!old.empty()) parts_.store.remove_transfers(std::move(old), parts_.worker, [](Result<void, StoreError>) {});
}

}  // namespace nave::hub
