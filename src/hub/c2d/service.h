// Cloud-to-device messages as the fronts use them: a queue per device or module, on disk, first in first out
// (docs/protocol/cloud-to-device.md).
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/c2d/feedback.h"
#include "hub/c2d/message.h"
#include "hub/c2d/queue.h"
#include "hub/device/registry.h"
#include "hub/telemetry/event.h"

namespace nave::hub {

// Thread-safe. What is acknowledged is on disk: messages, their ends together with the feedback on them, the count of
// abandons. Locks are in memory only: after a restart whatever was not settled is delivered again.
//
// In memory is a number per queue that holds messages, their heads once the queue is used, and no content.
class C2dService final : public IdentityQueue {
 public:
  struct Options {
    size_t queue_depth = 50;
    int64_t ttl_ms = 3600'000;  // of a message whose sender gave no expiry
    uint32_t max_delivery_count = 10;
    FeedbackQueue::Options feedback;
  };
  // `background` runs what nobody waits for. All outlive the service; the executors of replies do too.
  C2dService(CommandStore& store, const Registry& registry, SessionDirectory& sessions, const Clock& clock,
             Metrics& metrics, Executor& background, const Options& options);
  C2dService(const C2dService&) = delete;
  C2dService& operator=(const C2dService&) = delete;

  // Posted to the executor that was given, after durability; never inside the call.
  template <class Answer>
  using Reply = UniqueFunction<void(HubResult<Answer>)>;

  // --- For back ends.

  // `message` is copied inside the call. Errors: DeviceNotFound, ModuleNotFound, those of rules.h,
  // DeviceMaximumQueueDepthExceeded.
  void send(const IdentityKey& to, const EventView& message, Executor& reply_on, Reply<void> reply);
  // Ends every message, locked ones too, except those that are being settled. Replies how many.
  void purge(const IdentityKey& key, Executor& reply_on, Reply<uint64_t> reply);
  [[nodiscard]] size_t depth(const IdentityKey& key) const;
  [[nodiscard]] FeedbackQueue& feedback() { return feedback_; }

  // --- For receivers. Which one is connected decides nothing here: any receiver of the identity competes.

  // One life of an identity.
  struct Caller {
    IdentityKey key;
    std::string generation_id;
  };
  // The oldest message that is to be had, locked. nullopt: none; then Session::on_c2d_available() tells when to ask
  // again. May read the disk, but not for a queue that is empty.
  [[nodiscard]] std::optional<C2dDelivery> receive(const Caller& who, int64_t lock_ms = kLockMs);
  // Complete and reject remove the message, abandon counts. DeviceMessageLockLost: the lock is not, or no longer, held,
  // or a settlement is under way. ServiceUnavailable: nothing has happened.
  void settle(const IdentityKey& key, const LockToken& lock, C2dOutcome outcome, Executor& reply_on, Reply<void> reply);
  // The receiver is gone: what it had locked can be received again at once, and counts as little as before.
  void release(const IdentityKey& key, std::span<const LockToken> locks);

  // Locks and messages that ran out, of feedback too. About once a second.
  void on_tick();

  // --- For the registry.
  [[nodiscard]] size_t waiting(const Identity& identity) const override;
  void on_identity_erased(const IdentityKey& key) override;

  static constexpr int64_t kLockMs = 60'000;

 private:
  using Queues = std::unordered_map<IdentityKey, C2dQueue>;
  struct LockEnd {
    int64_t deadline;
    uint64_t sequence;
    const IdentityKey* key;  // of the queue's entry
    auto operator<=>(const LockEnd& o) const {
      return std::pair(deadline, sequence) <=> std::pair(o.deadline, o.sequence);
    }
  };
  struct Stripe {
    mutable std::mutex mutex;
    Queues queues;
    std::set<LockEnd> locks;  // exactly those of the queues' locked items
  };
  static constexpr size_t kStripes = 64;
  // A queue, loaded, and the lock on its stripe.
  struct Held {
    Stripe* stripe = nullptr;
    std::unique_lock<std::mutex> lock;
    Queues::iterator at;
    [[nodiscard]] C2dQueue& queue() const { return at->second; }
    [[nodiscard]] const IdentityKey& key() const { return at->first; }
    [[nodiscard]] Caller who() const { return {at->first, at->second.generation_id()}; }
  };
  // Ends of messages of one queue, on their way to disk.
  struct Removals {
    Caller who;
    FeedbackStatus status;
    std::vector<CommandRemoval> list;
  };
  struct Counters {
    explicit Counters(Metrics& metrics);
    void count(FeedbackStatus status, size_t messages) const;
    Counter& enqueued;
    Counter& completed;
    Counter& abandoned;
    Counter& rejected;
    Counter& expired;
    Counter& dead_lettered;
    Counter& purged;
  };

  [[nodiscard]] Stripe& stripe(const IdentityKey& key) const {
    return stripes_[std::hash<IdentityKey>{}(key) % kStripes];
  }
  // nullopt: there is none. kNotFound: `who` is not the life that the identity has now.
  [[nodiscard]] Result<std::optional<Held>, StoreError> hold(const Caller& who, bool make);
  // Without loading; nullopt if it is another life's.
  [[nodiscard]] std::optional<Held> find(const Caller& who);
  // The queue of an earlier life of the identity is forgotten. With the stripe's lock held.
  void forget_outlived(Stripe& s, const IdentityKey& key) const;
  static void forget(Stripe& s, Queues::iterator at);
  static void forget_if_empty(const Held& held);
  static void unlock(const Held& held, C2dQueue::Item& item);
  static void begin_settle(const Held& held, C2dQueue::Item& item);
  static void undo_settle(const Held& held, C2dQueue::Item& item);
  [[nodiscard]] bool has_room(C2dQueue& queue) const;

  void sent(const Caller& to, CommandHead head, Result<uint64_t, StoreError> stored, Reply<void>& reply);
  // The content of a message that was just locked. nullopt, and `lost` if the message will never be had.
  [[nodiscard]] std::optional<std::string> load_record(const Caller& who, uint64_t sequence, bool& lost);
  [[nodiscard]] Removals begin_removal(const Held& held, const std::vector<C2dQueue::Item*>& items,
                                       FeedbackStatus status) const;
  // `done` runs on `reply_on` with what the store said.
  void remove(Removals removals, Executor& reply_on, StoreReply done);
  void removed(const Removals& removals, Result<void, StoreError> stored);
  void abandon(Held held, C2dQueue::Item& item, Executor& reply_on, Reply<void> reply);
  void abandoned(const Caller& who, uint64_t sequence, Result<void, StoreError> stored);
  void expire(const IdentityKey& key);
  void end_locks();
  void end_messages();
  void wake(const IdentityKey& key) const;

  CommandStore& store_;
  const Registry& registry_;
  SessionDirectory& sessions_;
  const Clock& clock_;
  Executor& background_;
  const Options options_;
  const Counters counters_;
  FeedbackQueue feedback_;
  mutable std::array<Stripe, kStripes> stripes_;

  std::mutex expiry_mutex_;  // how far the last tick came
  UtcTime expiry_after_ = kNever;
  uint64_t expiry_after_sequence_ = 0;
};

}  // namespace nave::hub
