// What became of messages whose senders asked: one queue for the hub, handed out in batches to whoever receives.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/c2d/lock_token.h"
#include "hub/c2d/outcome.h"
#include "hub/errors.h"
#include "hub/ports.h"

namespace nave::hub {

// A batch, locked for its receiver.
struct FeedbackDelivery {
  LockToken lock;
  UtcTime enqueued;             // of its newest record
  uint32_t delivery_count = 0;  // of the record that was abandoned most often
  std::string json;             // feedback_json.h
};

// Thread-safe. Records live in the store; in memory are only those that somebody holds or has given back.
//
// A batch is handed out when limits::kFeedbackBatchRecordsMax records wait, or `batch_ms` after the last one; records
// that come back from a receiver wait for neither.
class FeedbackQueue {
 public:
  struct Options {
    int64_t ttl_ms = 3600'000;
    int64_t lock_ms = 60'000;
    uint32_t max_delivery_count = 10;
    int64_t batch_ms = 15'000;
  };
  // `background` runs what nobody waits for. All outlive the queue.
  FeedbackQueue(CommandStore& store, const Clock& clock, Metrics& metrics, Executor& background,
                const Options& options);

  using DoneReply = UniqueFunction<void(HubResult<void>)>;

  [[nodiscard]] int64_t ttl_ms() const { return options_.ttl_ms; }
  [[nodiscard]] int64_t lock_ms() const { return options_.lock_ms; }

  // nullopt: no batch now; wait() tells when there may be one.
  [[nodiscard]] std::optional<FeedbackDelivery> receive() { return receive(options_.lock_ms); }
  [[nodiscard]] std::optional<FeedbackDelivery> receive(int64_t lock_ms);
  // Complete and reject remove the batch, durably before the reply; abandon counts and makes it available again, unless
  // a record has used up its deliveries. DeviceMessageLockLost: the lock is not, or no longer, held.
  void settle(const LockToken& lock, C2dOutcome outcome, Executor& reply_on, DoneReply reply);
  // The receiver is gone: its batches are available again at once, uncounted.
  void release(std::span<const LockToken> locks);

  // Calls `ready` once, on `on`, when receive() may have a batch (perhaps at once). Returns a handle for cancel_wait();
  // `ready` may still be in the executor's queue after that, so it must tolerate being late.
  uint64_t wait(Executor& on, UniqueFunction<void()> ready);
  void cancel_wait(uint64_t handle);

  // `records` more are on disk.
  void on_stored(size_t records);
  // Locks and records that ran out, and the 15 seconds. About once a second.
  void on_tick();

 private:
  struct Batch {
    std::vector<uint64_t> sequences;
    uint32_t delivery_count = 0;  // of the record that was abandoned most often
    int64_t deadline = 0;
    bool settling = false;
  };
  struct Waiter {
    uint64_t handle;
    Executor* on;
    UniqueFunction<void()> ready;
  };
  using Batches = std::unordered_map<LockToken, Batch>;

  [[nodiscard]] std::vector<StoredFeedback> take_returned();
  [[nodiscard]] std::vector<StoredFeedback> take_fresh();
  [[nodiscard]] FeedbackDelivery lock_batch(const std::vector<StoredFeedback>& records, int64_t lock_ms);
  void remove(const LockToken& lock, const Batch& batch, Counter& counter, Executor& reply_on, DoneReply reply);
  void abandon(const LockToken& lock, const Batch& batch, Executor& reply_on, DoneReply reply);
  // What was to be stored of the batch is, or could not be.
  void settled(const LockToken& lock, bool gone, Result<void, StoreError> stored, DoneReply& reply);
  void wake_if_due();
  // With mutex_ held.
  [[nodiscard]] bool is_due() const;
  void give_back(const Batch& batch);

  CommandStore& store_;
  const Clock& clock_;
  Executor& background_;
  const Options options_;
  Counter& completed_;
  Counter& abandoned_;
  Counter& rejected_;

  std::mutex receive_mutex_;  // one receiver reads the store at a time; taken before mutex_
  uint64_t next_ = 1;         // records from here on were never handed out; with receive_mutex_

  std::mutex mutex_;  // for what follows; not held while calling out
  // Records never handed out. Those that expired unseen count until a receiver finds them missing, and a record that
  // was read before on_stored() told of it counts minus one for that moment.
  int64_t fresh_ = 0;
  std::set<uint64_t> returned_;
  Batches batches_;
  int64_t last_batch_;
  int64_t last_expiry_;
  std::vector<Waiter> waiters_;
  uint64_t next_handle_ = 1;
};

}  // namespace nave::hub
