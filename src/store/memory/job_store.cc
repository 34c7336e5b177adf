#include "store/memory/job_store.h"

#include <utility>

namespace nave::store::memory {

using hub::Job;
using hub::JobRow;
using hub::StoreError;

namespace {

// Never while mutex_ is held: an executor may be one that runs the reply at once on another thread.
template <class Reply, class Outcome>
void answer(Executor& executor, Reply reply, Outcome outcome) {
  executor.post([reply = std::move(reply), outcome = std::move(outcome)]() mutable { reply(outcome); });
}

}  // namespace

void MemoryJobStore::create_job(hub::JobOrder order, hub::JobState state, Executor& reply_on,
                                hub::SequenceReply reply) {
  const auto outcome = [&]() -> Result<uint64_t, StoreError> {
    const std::lock_guard lock(mutex_);
    if (!numbers_.try_emplace(order.id, next_).second) return fail(StoreError::kAlreadyExists);
    jobs_.emplace(next_, Entry{{next_, std::move(order), std::move(state)}, {}});
    return next_++;
  }();
  answer(reply_on, std::move(reply), outcome);
}

void MemoryJobStore::update_job(uint64_t number, hub::JobState state, std::vector<JobRow> rows, Executor& reply_on,
                                hub::StoreReply reply) {
  const auto outcome = [&]() -> Result<void, StoreError> {
    const std::lock_guard lock(mutex_);
    const auto it = jobs_.find(number);
    if (it == jobs_.end()) return fail(StoreError::kNotFound);
    it->second.job.state = std::move(state);
    for (JobRow& row : rows) {
      const IdentityKey key = row.key;
      it->second.rows.insert_or_assign(key, std::move(row));
    }
    return {};
  }();
  answer(reply_on, std::move(reply), outcome);
}

void MemoryJobStore::erase_job(uint64_t number, size_t rows_max, Executor& reply_on, hub::StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = jobs_.find(number); it != jobs_.end()) {
      auto& rows = it->second.rows;
      for (size_t n = 0; n < rows_max && !rows.empty(); ++n) rows.erase(rows.begin());
      if (rows.empty()) {
        numbers_.erase(it->second.job.order.id);
        jobs_.erase(it);
      }
    }
  }
  answer(reply_on, std::move(reply), Result<void, StoreError>());
}

Result<std::optional<Job>, StoreError> MemoryJobStore::load_job(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto it = numbers_.find(id);
  if (it == numbers_.end()) return std::optional<Job>();
  return jobs_.at(it->second).job;
}

Result<std::vector<Job>, StoreError> MemoryJobStore::load_jobs(uint64_t after, size_t jobs_max,
                                                               size_t bytes_max) const {
  const std::lock_guard lock(mutex_);
  std::vector<Job> out;
  size_t bytes = 0;
  for (auto it = jobs_.upper_bound(after); it != jobs_.end() && out.size() < jobs_max && bytes < bytes_max; ++it) {
    out.push_back(it->second.job);
    bytes += counted_bytes(out.back());
  }
  return out;
}

Result<std::vector<Job>, StoreError> MemoryJobStore::load_unfinished_jobs() const {
  const std::lock_guard lock(mutex_);
  std::vector<Job> out;
  for (const auto& [number, entry] : jobs_) {
    if (!is_ended(entry.job.state.status)) out.push_back(entry.job);
  }
  return out;
}

std::optional<uint64_t> MemoryJobStore::find_ended_job(UtcTime time) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, entry] : jobs_) {
    if (is_ended(entry.job.state.status) && entry.job.state.ended < time) return number;
  }
  return {};
}

Result<std::vector<JobRow>, StoreError> MemoryJobStore::load_job_rows(uint64_t number, const IdentityKey& after,
                                                                      std::optional<hub::JobRowStatus> status,
                                                                      size_t rows_max, size_t bytes_max) const {
  const std::lock_guard lock(mutex_);
  std::vector<JobRow> out;
  const auto job = jobs_.find(number);
  if (job == jobs_.end()) return out;
  const auto& rows = job->second.rows;
  size_t bytes = 0;
  for (auto it = rows.upper_bound(after); it != rows.end() && out.size() < rows_max && bytes < bytes_max; ++it) {
    if (status && it->second.status != *status) continue;
    out.push_back(it->second);
    bytes += counted_bytes(out.back());
  }
  return out;
}

Result<std::vector<JobRow>, StoreError> MemoryJobStore::load_device_rows(uint64_t number,
                                                                         const std::string& device) const {
  const std::lock_guard lock(mutex_);
  std::vector<JobRow> out;
  const auto job = jobs_.find(number);
  if (job == jobs_.end()) return out;
  const auto& rows = job->second.rows;
  for (auto it = rows.lower_bound({device, ""}); it != rows.end() && it->first.device == device; ++it) {
    out.push_back(it->second);
  }
  return out;
}

}  // namespace nave::store::memory
