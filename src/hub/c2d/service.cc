#include "hub/c2d/service.h"

#include <algorithm>

#include "base/log.h"
#include "hub/c2d/answers.h"
#include "hub/c2d/rules.h"

namespace nave::hub {
C2dService::Counters::Counters(Metrics& metrics)
    : enqueued(metrics.counter("nave_c2d_enqueued", "Cloud-to-device messages taken from back ends")),
      completed(metrics.counter("c2d_commands_egress_complete_success", "Cloud-to-device messages completed")),
      abandoned(metrics.counter("c2d_commands_egress_abandon_success", "Cloud-to-device messages abandoned")),
      rejected(metrics.counter("c2d_commands_egress_reject_success", "Cloud-to-device messages rejected")),
      expired(metrics.counter("c2d_messages_expired", "Cloud-to-device messages that expired")),
      dead_lettered(metrics.counter("nave_c2d_delivery_count_exceeded",
                                    "Cloud-to-device messages that were abandoned too often")),
      purged(metrics.counter("nave_c2d_purged", "Cloud-to-device messages purged")) {}

void C2dService::Counters::count(FeedbackStatus status, size_t messages) const {
  switch (status) {
    case FeedbackStatus::kSuccess:
      return completed.add(messages);
    case FeedbackStatus::kExpired:
      return expired.add(messages);
    case FeedbackStatus::kDeliveryCountExceeded:
      abandoned.add(messages);
      return dead_lettered.add(messages);
    case FeedbackStatus::kRejected:
      return rejected.add(messages);
    case FeedbackStatus::kPurged:
      return purged.add(messages);
  }
}

C2dService::C2dService(CommandStore& store, const Registry& registry, SessionDirectory& sessions, const Clock& clock,
                       Metrics& metrics, Executor& background, const Options& options)
    : store_(store),
      registry_(registry),
      sessions_(sessions),
      clock_(clock),
      background_(background),
      options_(options),
      counters_(metrics),
      feedback_(store, clock, metrics, background, options.feedback) {
  for (CommandCount& c : store.count_commands()) {
    stripe(c.key).queues.try_emplace(c.key, std::move(c.generation_id), c.messages);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Finding a queue.

void C2dService::forget_outlived(Stripe& s, const IdentityKey& key) const {
  const auto at = s.queues.find(key);
  if (at == s.queues.end()) return;
  // Asked with the lock held: a queue of a later life than the answer's cannot come in between. The registry's reads
  // call nobody.
  const auto now = registry_.get(key);
  if (!now || now->generation_id != at->second.generation_id()) forget(s, at);
}

void C2dService::forget(Stripe& s, Queues::iterator at) {
  for (const C2dQueue::Item* item : at->second.locked()) {
    s.locks.erase({item->lock_deadline, item->head.sequence, &at->first});
  }
  s.queues.erase(at);
}

void C2dService::forget_if_empty(const Held& held) {
  if (held.queue().empty()) forget(*held.stripe, held.at);
}

Result<std::optional<C2dService::Held>, StoreError> C2dService::hold(const Caller& who, bool make) {
  Stripe& s = stripe(who.key);
  std::unique_lock lock(s.mutex);
  auto at = s.queues.find(who.key);
  if (at != s.queues.end() && at->second.generation_id() != who.generation_id) {
    forget_outlived(s, who.key);
    at = s.queues.find(who.key);
    if (at != s.queues.end()) return fail(StoreError::kNotFound);
  }
  if (at == s.queues.end()) {
    if (!make) return std::optional<Held>();
    at = s.queues.try_emplace(who.key, who.generation_id, size_t{0}).first;
  }
  if (at->second.loaded()) return std::optional<Held>(Held{&s, std::move(lock), at});

  lock.unlock();
  auto heads = store_.load_commands(who.key);
  if (!heads) return fail(heads.error());
  lock.lock();
  at = s.queues.find(who.key);
  if (at == s.queues.end() || at->second.generation_id() != who.generation_id) return fail(StoreError::kNotFound);
  if (!at->second.loaded()) at->second.load(*std::move(heads));
  return std::optional<Held>(Held{&s, std::move(lock), at});
}

std::optional<C2dService::Held> C2dService::find(const Caller& who) {
  Stripe& s = stripe(who.key);
  std::unique_lock lock(s.mutex);
  const auto at = s.queues.find(who.key);
  if (at == s.queues.end() || at->second.generation_id() != who.generation_id) return {};
  return Held{&s, std::move(lock), at};
}

size_t C2dService::depth(const IdentityKey& key) const {
  const auto identity = registry_.get(key);
  return identity ? waiting(*identity) : 0;
}

size_t C2dService::waiting(const Identity& identity) const {
  Stripe& s = stripe(identity.key);
  const std::lock_guard lock(s.mutex);
  const auto at = s.queues.find(identity.key);
  if (at == s.queues.end() || at->second.generation_id() != identity.generation_id) return 0;
  return at->second.depth();
}

void C2dService::on_identity_erased(const IdentityKey& key) {
  Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  forget_outlived(s, key);
}

void C2dService::wake(const IdentityKey& key) const {
  sessions_.with_session(key, [](Session* session) {
    if (session != nullptr) session->on_c2d_available();
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Sending.

bool C2dService::has_room(C2dQueue& queue) const {
  const size_t depth = queue.depth();
  if (depth < options_.queue_depth) return true;
  // What has expired is gone for everybody, but the next tick takes it off the disk; never more than a second queue of
  // it.
  return depth - std::min(queue.expired(clock_.utc()).size(), options_.queue_depth) < options_.queue_depth;
}

void C2dService::send(const IdentityKey& to, const EventView& message, Executor& reply_on, Reply<void> reply) {
  const auto identity = registry_.get(to);
  if (!identity) return post_error(reply_on, std::move(reply), identity.error());
  auto write = accept_message(to, message, clock_.utc(), options_.ttl_ms);
  if (!write) return post_error(reply_on, std::move(reply), write.error());
  write->generation_id = identity->generation_id;
  const Caller who{to, identity->generation_id};
  {
    auto held = hold(who, true);
    if (!held) return post_error(reply_on, std::move(reply), queue_error(held.error(), to));
    C2dQueue& queue = (*held)->queue();
    if (!has_room(queue)) {
      return post_error(reply_on, std::move(reply), ErrorCode::kDeviceMaximumQueueDepthExceeded);
    }
    queue.begin_send();
  }
  CommandHead head = write->head;
  store_.put_command(*std::move(write), reply_on,
                     [this, who, head = std::move(head), reply = std::move(reply)](
                         Result<uint64_t, StoreError> stored) mutable { sent(who, std::move(head), stored, reply); });
}

void C2dService::sent(const Caller& to, CommandHead head, Result<uint64_t, StoreError> stored, Reply<void>& reply) {
  if (auto held = find(to)) {
    if (stored) {
      head.sequence = *stored;
      held->queue().sent(std::move(head));
    } else {
      held->queue().sent({});
      forget_if_empty(*held);
    }
  }
  if (!stored) return reply(fail(queue_error(stored.error(), to.key)));
  counters_.enqueued.add();
  wake(to.key);
  reply({});
}

// ---------------------------------------------------------------------------------------------------------------------
// Receiving.

std::optional<C2dDelivery> C2dService::receive(const Caller& who, int64_t lock_ms) {
  for (;;) {
    C2dDelivery out;
    {
      auto held = hold(who, false);
      if (!held || !*held) return {};
      const Held& h = **held;
      const C2dQueue::Item* item = h.queue().lock_next(clock_.utc(), clock_.steady_ms() + lock_ms);
      if (item == nullptr) return {};
      h.stripe->locks.insert({item->lock_deadline, item->head.sequence, &h.key()});
      out = {item->lock, item->head.sequence, item->head.enqueued, item->head.delivery_count, {}};
    }
    bool lost = false;
    if (auto record = load_record(who, out.sequence, lost)) {
      out.record = *std::move(record);
      return out;
    }
    // A read that failed may succeed when the lock has run out, which wakes the receiver.
    if (!lost) return {};
  }
}

std::optional<std::string> C2dService::load_record(const Caller& who, uint64_t sequence, bool& lost) {
  auto record = store_.load_command_record(who.key, sequence);
  if (record) return *std::move(record);
  lost = record.error() != StoreError::kUnavailable;
  if (!lost) return {};
  if (const auto held = find(who)) {
    if (C2dQueue::Item* item = held->queue().find(sequence);
        item != nullptr && item->state == C2dQueue::State::kLocked) {
      unlock(*held, *item);
      item->state = C2dQueue::State::kDamaged;
    }
  }
  log::write_limited(log::Level::kError, log::Category::kStorage, "c2d-record",
                     "the content of a cloud-to-device message is damaged; it is not delivered",
                     {{"identity", who.key.text()}, {"sequence", static_cast<int64_t>(sequence)}});
  return {};
}

void C2dService::unlock(const Held& held, C2dQueue::Item& item) {
  held.stripe->locks.erase({item.lock_deadline, item.head.sequence, &held.key()});
  C2dQueue::unlock(item);
}

void C2dService::release(const IdentityKey& key, std::span<const LockToken> locks) {
  bool any = false;
  {
    Stripe& s = stripe(key);
    std::unique_lock lock(s.mutex);
    const auto at = s.queues.find(key);
    if (at == s.queues.end()) return;
    const Held held{&s, std::move(lock), at};
    for (const LockToken& token : locks) {
      C2dQueue::Item* item = held.queue().find_locked(token);
      if (item == nullptr) continue;
      unlock(held, *item);
      any = true;
    }
  }
  if (any) wake(key);
}

}  // namespace nave::hub
