#include "hub/c2d/feedback.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "hub/c2d/feedback_json.h"

namespace nave::hub {
namespace {

constexpr auto kBatchMax = static_cast<int64_t>(limits::kFeedbackBatchRecordsMax);
// Records that nobody receives are cleared away this often.
constexpr int64_t kExpiryIntervalMs = 60'000;

}  // namespace

FeedbackQueue::FeedbackQueue(CommandStore& store, const Clock& clock, Metrics& metrics, Executor& background,
                             const Options& options)
    : store_(store),
      clock_(clock),
      background_(background),
      options_(options),
      completed_(metrics.counter("nave_feedback_complete", "Feedback batches that receivers completed")),
      abandoned_(metrics.counter("nave_feedback_abandon", "Feedback batches that receivers abandoned")),
      rejected_(metrics.counter("nave_feedback_reject", "Feedback batches that receivers rejected")),
      fresh_(static_cast<int64_t>(store.count_feedback(clock.utc()))),
      last_batch_(clock.steady_ms() - options.batch_ms),
      last_expiry_(clock.steady_ms()) {}

bool FeedbackQueue::is_due() const {
  if (!returned_.empty() || fresh_ >= kBatchMax) return true;
  return fresh_ > 0 && clock_.steady_ms() - last_batch_ >= options_.batch_ms;
}

std::optional<FeedbackDelivery> FeedbackQueue::receive(int64_t lock_ms) {
  const std::lock_guard receiving(receive_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (!is_due()) return {};
  }
  std::vector<StoredFeedback> records = take_returned();
  if (records.empty()) records = take_fresh();
  if (records.empty()) return {};
  return lock_batch(records, lock_ms);
}

std::vector<StoredFeedback> FeedbackQueue::take_returned() {
  std::vector<uint64_t> sequences;
  {
    const std::lock_guard lock(mutex_);
    while (!returned_.empty() && sequences.size() < limits::kFeedbackBatchRecordsMax) {
      sequences.push_back(*returned_.begin());
      returned_.erase(returned_.begin());
    }
  }
  std::vector<StoredFeedback> out;
  for (const uint64_t sequence : sequences) {
    std::vector<StoredFeedback> found = store_.load_feedback(sequence, clock_.utc(), 1);
    // Not there any more: it has expired meanwhile.
    if (!found.empty() && found.front().sequence == sequence) out.push_back(std::move(found.front()));
  }
  return out;
}

std::vector<StoredFeedback> FeedbackQueue::take_fresh() {
  int64_t expected = 0;
  {
    const std::lock_guard lock(mutex_);
    expected = fresh_;
  }
  std::vector<StoredFeedback> out = store_.load_feedback(next_, clock_.utc(), limits::kFeedbackBatchRecordsMax);
  const auto found = static_cast<int64_t>(out.size());
  if (found > 0) next_ = out.back().sequence + 1;
  const std::lock_guard lock(mutex_);
  // A batch that is not full has reached the end: whatever else was counted is not there any more.
  fresh_ -= found < kBatchMax ? std::max(found, expected) : found;
  return out;
}

FeedbackDelivery FeedbackQueue::lock_batch(const std::vector<StoredFeedback>& records, int64_t lock_ms) {
  Batch batch;
  FeedbackDelivery out{.lock = LockToken::make(), .enqueued = kNever, .json = feedback_json(records)};
  for (const StoredFeedback& r : records) {
    batch.sequences.push_back(r.sequence);
    out.delivery_count = std::max(out.delivery_count, r.delivery_count);
    out.enqueued = std::max(out.enqueued, r.feedback.enqueued);
  }
  const int64_t now = clock_.steady_ms();
  batch.delivery_count = out.delivery_count;
  batch.deadline = now + lock_ms;
  const std::lock_guard lock(mutex_);
  last_batch_ = now;
  batches_.emplace(out.lock, std::move(batch));
  return out;
}

void FeedbackQueue::settle(const LockToken& lock, C2dOutcome outcome, Executor& reply_on, DoneReply reply) {
  Batch batch;
  {
    const std::lock_guard guard(mutex_);
    const auto it = batches_.find(lock);
    if (it != batches_.end() && !it->second.settling && it->second.deadline > clock_.steady_ms()) {
      it->second.settling = true;
      batch = it->second;
    }
  }
  if (batch.sequences.empty()) {
    return reply_on.post(
        [reply = std::move(reply)]() mutable { reply(fail(Error(ErrorCode::kDeviceMessageLockLost))); });
  }
  if (outcome == C2dOutcome::kComplete) return remove(lock, batch, completed_, reply_on, std::move(reply));
  if (outcome == C2dOutcome::kReject) return remove(lock, batch, rejected_, reply_on, std::move(reply));
  if (batch.delivery_count + 1 >= options_.max_delivery_count) {
    return remove(lock, batch, abandoned_, reply_on, std::move(reply));
  }
  abandon(lock, batch, reply_on, std::move(reply));
}

void FeedbackQueue::remove(const LockToken& lock, const Batch& batch, Counter& counter, Executor& reply_on,
                           DoneReply reply) {
  store_.remove_feedback(batch.sequences, reply_on,
                         [this, lock, &counter, reply = std::move(reply)](Result<void, StoreError> stored) mutable {
                           if (stored) counter.add();
                           settled(lock, true, stored, reply);
                         });
}

void FeedbackQueue::abandon(const LockToken& lock, const Batch& batch, Executor& reply_on, DoneReply reply) {
  store_.count_feedback_delivery(batch.sequences, reply_on,
                                 [this, lock, reply = std::move(reply)](Result<void, StoreError> stored) mutable {
                                   if (stored) abandoned_.add();
                                   settled(lock, false, stored, reply);
                                 });
}

void FeedbackQueue::settled(const LockToken& lock, bool gone, Result<void, StoreError> stored, DoneReply& reply) {
  {
    const std::lock_guard guard(mutex_);
    const auto it = batches_.find(lock);
    if (!stored) {
      it->second.settling = false;  // the lock goes on, or runs out at the next tick
    } else {
      if (!gone) give_back(it->second);
      batches_.erase(it);
    }
  }
  if (!stored) return reply(fail(Error(ErrorCode::kServiceUnavailable)));
  wake_if_due();
  reply({});
}

void FeedbackQueue::give_back(const Batch& batch) {
  returned_.insert(batch.sequences.begin(), batch.sequences.end());
}

void FeedbackQueue::release(std::span<const LockToken> locks) {
  {
    const std::lock_guard guard(mutex_);
    for (const LockToken& lock : locks) {
      const auto it = batches_.find(lock);
      if (it == batches_.end() || it->second.settling) continue;
      give_back(it->second);
      batches_.erase(it);
    }
  }
  wake_if_due();
}

uint64_t FeedbackQueue::wait(Executor& on, UniqueFunction<void()> ready) {
  uint64_t handle = 0;
  {
    const std::lock_guard lock(mutex_);
    handle = next_handle_++;
    waiters_.push_back({handle, &on, std::move(ready)});
  }
  wake_if_due();
  return handle;
}

void FeedbackQueue::cancel_wait(uint64_t handle) {
  const std::lock_guard lock(mutex_);
  std::erase_if(waiters_, [handle](const Waiter& w) { return w.handle == handle; });
}

void FeedbackQueue::wake_if_due() {
  std::vector<Waiter> due;
  {
    const std::lock_guard lock(mutex_);
    if (is_due()) due = std::exchange(waiters_, {});
  }
  for (Waiter& w : due) w.on->post(std::move(w.ready));
}

void FeedbackQueue::on_stored(size_t records) {
  {
    const std::lock_guard lock(mutex_);
    fresh_ += static_cast<int64_t>(records);
  }
  wake_if_due();
}

void FeedbackQueue::on_tick() {
  const int64_t now = clock_.steady_ms();
  bool clear = false;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = batches_.begin(); it != batches_.end();) {
      const bool ran_out = !it->second.settling && it->second.deadline <= now;
      if (ran_out) give_back(it->second);
      it = ran_out ? batches_.erase(it) : std::next(it);
    }
    clear = now - last_expiry_ >= kExpiryIntervalMs;
    if (clear) last_expiry_ = now;
  }
  // A failure is tried again a minute later; meanwhile nobody is given an expired record.
  if (clear) store_.expire_feedback(clock_.utc(), background_, [](Result<void, StoreError>) {});
  wake_if_due();
}

}  // namespace nave::hub
