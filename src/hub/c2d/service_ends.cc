// How messages end: settled, purged, expired.
#include <algorithm>
#include <set>
#include <utility>

#include "base/limits.h"
#include "hub/c2d/answers.h"
#include "hub/c2d/service.h"

namespace nave::hub {
namespace {

Error settle_error(StoreError error) {
  return error == StoreError::kNotFound ? ErrorCode::kDeviceMessageLockLost : ErrorCode::kServiceUnavailable;
}

}  // namespace

void C2dService::begin_settle(const Held& held, C2dQueue::Item& item) {
  if (item.state == C2dQueue::State::kLocked) {
    held.stripe->locks.erase({item.lock_deadline, item.head.sequence, &held.key()});
  }
  C2dQueue::begin_settle(item);
}

// A lock that has run out meanwhile ends at the next tick.
void C2dService::undo_settle(const Held& held, C2dQueue::Item& item) {
  C2dQueue::undo_settle(item);
  if (item.state == C2dQueue::State::kLocked) {
    held.stripe->locks.insert({item.lock_deadline, item.head.sequence, &held.key()});
  }
}

C2dService::Removals C2dService::begin_removal(const Held& held, const std::vector<C2dQueue::Item*>& items,
                                               FeedbackStatus status) const {
  const UtcTime now = clock_.utc();
  Removals out{held.who(), status, {}};
  for (C2dQueue::Item* item : items) {
    begin_settle(held, *item);
    CommandRemoval& removal = out.list.emplace_back();
    removal.sequence = item->head.sequence;
    if (!asks_for(item->head.ack, status)) continue;
    removal.feedback = Feedback{now,
                                now + std::chrono::milliseconds(options_.feedback.ttl_ms),
                                status,
                                item->head.message_id,
                                out.who.key.device,
                                out.who.generation_id};
  }
  return out;
}

void C2dService::remove(Removals removals, Executor& reply_on, StoreReply done) {
  std::vector<CommandRemoval> list = removals.list;
  const IdentityKey key = removals.who.key;
  store_.remove_commands(
      key, std::move(list), reply_on,
      [this, removals = std::move(removals), done = std::move(done)](Result<void, StoreError> stored) mutable {
        removed(removals, stored);
        done(stored);
      });
}

void C2dService::removed(const Removals& removals, Result<void, StoreError> stored) {
  // Not there any more: the identity was erased.
  const bool gone = stored || stored.error() == StoreError::kNotFound;
  if (const auto held = find(removals.who)) {
    for (const CommandRemoval& r : removals.list) {
      if (gone) {
        held->queue().erase(r.sequence);
      } else if (C2dQueue::Item* item = held->queue().find(r.sequence)) {
        undo_settle(*held, *item);
      }
    }
    forget_if_empty(*held);
  }
  if (!stored) return;
  counters_.count(removals.status, removals.list.size());
  const auto told =
      std::ranges::count_if(removals.list, [](const CommandRemoval& r) { return r.feedback.has_value(); });
  if (told > 0) feedback_.on_stored(static_cast<size_t>(told));
}

void C2dService::settle(const IdentityKey& key, const LockToken& token, C2dOutcome outcome, Executor& reply_on,
                        Reply<void> reply) {
  Stripe& s = stripe(key);
  std::unique_lock lock(s.mutex);
  const auto at = s.queues.find(key);
  C2dQueue::Item* item = at == s.queues.end() ? nullptr : at->second.find_locked(token);
  // The tick may not have seen yet that the lock has run out.
  if (item == nullptr || item->lock_deadline <= clock_.steady_ms()) {
    lock.unlock();
    return post_error(reply_on, std::move(reply), ErrorCode::kDeviceMessageLockLost);
  }
  Held held{&s, std::move(lock), at};
  FeedbackStatus status = outcome == C2dOutcome::kComplete ? FeedbackStatus::kSuccess : FeedbackStatus::kRejected;
  if (outcome == C2dOutcome::kAbandon) {
    if (item->head.delivery_count + 1 < options_.max_delivery_count) {
      return abandon(std::move(held), *item, reply_on, std::move(reply));
    }
    status = FeedbackStatus::kDeliveryCountExceeded;
  }
  Removals removals = begin_removal(held, {item}, status);
  held.lock.unlock();
  remove(std::move(removals), reply_on, [reply = std::move(reply)](Result<void, StoreError> stored) mutable {
    if (stored) return reply({});
    reply(fail(settle_error(stored.error())));
  });
}

void C2dService::abandon(Held held, C2dQueue::Item& item, Executor& reply_on, Reply<void> reply) {
  const Caller who = held.who();
  const uint64_t sequence = item.head.sequence;
  const uint32_t count = item.head.delivery_count + 1;
  begin_settle(held, item);
  held.lock.unlock();
  store_.set_delivery_count(who.key, sequence, count, reply_on,
                            [this, who, sequence, reply = std::move(reply)](Result<void, StoreError> stored) mutable {
                              abandoned(who, sequence, stored);
                              if (stored) return reply({});
                              reply(fail(settle_error(stored.error())));
                            });
}

void C2dService::abandoned(const Caller& who, uint64_t sequence, Result<void, StoreError> stored) {
  if (const auto held = find(who)) {
    C2dQueue::Item* item = held->queue().find(sequence);
    if (stored) {
      ++item->head.delivery_count;
      C2dQueue::unlock(*item);
    } else if (stored.error() == StoreError::kNotFound) {
      held->queue().erase(sequence);
      forget_if_empty(*held);
    } else {
      undo_settle(*held, *item);
    }
  }
  if (!stored) return;
  counters_.abandoned.add();
  wake(who.key);
}

void C2dService::purge(const IdentityKey& key, Executor& reply_on, Reply<uint64_t> reply) {
  const auto identity = registry_.get(key);
  if (!identity) return post_error(reply_on, std::move(reply), identity.error());
  Removals removals;
  {
    auto held = hold({key, identity->generation_id}, false);
    if (!held) return post_error(reply_on, std::move(reply), queue_error(held.error(), key));
    if (*held) removals = begin_removal(**held, (*held)->queue().purgeable(), FeedbackStatus::kPurged);
  }
  if (removals.list.empty()) {
    return reply_on.post([reply = std::move(reply)]() mutable { reply(uint64_t{0}); });
  }
  const uint64_t count = removals.list.size();
  remove(std::move(removals), reply_on,
         [count, key, reply = std::move(reply)](Result<void, StoreError> stored) mutable {
           if (stored) return reply(count);
           reply(fail(queue_error(stored.error(), key)));
         });
}

// ---------------------------------------------------------------------------------------------------------------------
// Time.

void C2dService::on_tick() {
  end_locks();
  end_messages();
  feedback_.on_tick();
}

void C2dService::end_locks() {
  const int64_t now = clock_.steady_ms();
  std::set<IdentityKey> woken;
  for (Stripe& s : stripes_) {
    const std::lock_guard lock(s.mutex);
    while (!s.locks.empty() && s.locks.begin()->deadline <= now) {
      const LockEnd end = *s.locks.begin();
      s.locks.erase(s.locks.begin());
      C2dQueue::unlock(*s.queues.find(*end.key)->second.find(end.sequence));
      woken.insert(*end.key);
    }
  }
  for (const IdentityKey& key : woken) wake(key);
}

// Looks at a bounded number of messages, then goes on from there at the next tick: those that a receiver still holds
// are come back to after the rest.
void C2dService::end_messages() {
  const std::lock_guard one_at_a_time(expiry_mutex_);
  const std::vector<ExpiredCommand> page =
      store_.load_expired_commands(clock_.utc(), expiry_after_, expiry_after_sequence_, limits::kC2dExpiredPerTickMax);
  const bool more = page.size() == limits::kC2dExpiredPerTickMax;
  expiry_after_ = more ? page.back().expires : kNever;
  expiry_after_sequence_ = more ? page.back().sequence : 0;
  std::set<IdentityKey> keys;
  for (const ExpiredCommand& e : page) keys.insert(e.key);
  for (const IdentityKey& key : keys) expire(key);
}

void C2dService::expire(const IdentityKey& key) {
  const auto identity = registry_.get(key);
  if (!identity) return;
  Removals removals;
  {
    const auto held = hold({key, identity->generation_id}, false);
    if (!held || !*held) return;
    removals = begin_removal(**held, (*held)->queue().expired(clock_.utc()), FeedbackStatus::kExpired);
  }
  if (!removals.list.empty()) remove(std::move(removals), background_, [](Result<void, StoreError>) {});
}

}  // namespace nave::hub
