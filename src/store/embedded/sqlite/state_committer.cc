#include "store/embedded/sqlite/state_committer.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace nave::store::embedded {

using hub::StoreError;
using Outcome = StateWriter::Outcome;

namespace {

// Bounds how long the first of a group waits for the last.
constexpr size_t kGroupMax = 512;

void answer(Executor& executor, hub::StoreReply reply, Outcome outcome) {
  executor.post([reply = std::move(reply), outcome]() mutable { reply(outcome); });
}

}  // namespace

StateCommitter::StateCommitter(std::unique_ptr<Database> database, uint64_t identities_max, int64_t activity_flush_ms,
                               IdentityCache& cache, Metrics& metrics)
    : database_(std::move(database)),
      writer_(*database_, identities_max),
      cache_(cache),
      activity_flush_(activity_flush_ms),
      commit_time_(metrics.histogram("nave_state_commit_seconds", "Duration of a commit of the state database")),
      committed_writes_(metrics.counter("nave_state_commit_writes", "Changes committed to the state database")),
      queue_depth_(metrics.gauge("nave_state_queue_depth", "Changes that wait for the state database")),
      counts_(writer_.counts()),
      last_flush_(std::chrono::steady_clock::now()),
      thread_([this] { run(); }) {}

StateCommitter::~StateCommitter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void StateCommitter::submit(Act act, size_t cost, Executor& reply_on, hub::StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    // A single job may be larger than the limit when nothing else waits; otherwise it could never pass.
    if (queue_.empty() || queued_cost_ + cost <= limits::kStateQueueWritesMax) {
      queue_.push_back({std::move(act), cost, &reply_on, std::move(reply)});
      queued_cost_ += cost;
      queue_depth_.set(static_cast<int64_t>(queued_cost_));
      wake_.notify_one();
      return;
    }
  }
  log::write_limited(log::Level::kWarning, log::Category::kStorage, "state-queue",
                     "a change was refused: too many wait for the state database");
  answer(reply_on, std::move(reply), fail(StoreError::kUnavailable));
}

hub::DeviceStore::Counts StateCommitter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void StateCommitter::run() {
  std::vector<Job> jobs;
  while (wait_for_work(jobs)) {
    if (!jobs.empty()) commit(jobs);
    jobs.clear();
    if (std::chrono::steady_clock::now() - last_flush_ >= activity_flush_) flush_activity();
  }
  flush_activity();
}

bool StateCommitter::wait_for_work(std::vector<Job>& jobs) {
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, last_flush_ + activity_flush_, [this] { return stopping_ || !queue_.empty(); });
  if (stopping_ && queue_.empty()) return false;
  while (!queue_.empty() && jobs.size() < kGroupMax) {
    queued_cost_ -= queue_.front().cost;
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_depth_.set(static_cast<int64_t>(queued_cost_));
  return true;
}

void StateCommitter::commit(std::vector<Job>& jobs) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Outcome> outcomes;
  outcomes.reserve(jobs.size());
  if (failed_ || !commit_all(jobs, outcomes)) {
    outcomes.assign(jobs.size(), fail(StoreError::kUnavailable));
  } else {
    const auto took = std::chrono::steady_clock::now() - start;
    commit_time_.observe_us(static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    committed_writes_.add(static_cast<uint64_t>(
        std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.has_value(); })));
  }
  for (size_t i = 0; i < jobs.size(); ++i) answer(*jobs[i].reply_on, std::move(jobs[i].reply), outcomes[i]);
}

bool StateCommitter::commit_all(std::vector<Job>& jobs, std::vector<Outcome>& outcomes) {
  if (!writer_.begin()) return false;
  for (Job& job : jobs) outcomes.push_back(job.act(writer_));
  // commit() forgets what was touched if it fails.
  const std::vector<Touched> touched = writer_.touched();
  if (!writer_.commit()) {
    note_commit_failure();
    return false;
  }
  cache_.publish(touched);
  publish_counts();
  return true;
}

void StateCommitter::note_commit_failure() {
  const int code = database_->last_failure();
  // A full disk or a lock held by a backup passes; the transaction is rolled back and the next one may succeed.
  if ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_BUSY) return;
  failed_ = true;
  log::write(log::Level::kError, log::Category::kStorage,
             "the state database refuses all changes from now on, because a commit failed; restart after repair",
             {{"file", database_->path()}, {"code", code}});
}

void StateCommitter::publish_counts() {
  const std::lock_guard lock(mutex_);
  counts_ = writer_.counts();
}

void StateCommitter::flush_activity() {
  last_flush_ = std::chrono::steady_clock::now();
  if (failed_) return;
  const std::vector<IdentityCache::Pending> pending = cache_.pending();
  if (pending.empty() || !writer_.begin()) return;
  for (const IdentityCache::Pending& p : pending) {
    if (!writer_.write_activity(p.key, p.activity)) break;
  }
  if (writer_.commit()) {
    cache_.settle(pending);
  } else {
    note_commit_failure();
  }
}

}  // namespace nave::store::embedded
