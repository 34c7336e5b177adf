#include "sim/actors/c2d_desk.h"

#include <algorithm>

namespace nave::sim {

void C2dDesk::act() {
  if (door_.service == nullptr) return;
  // A restart has forgotten the locks.
  std::erase_if(held_, [this](const Held& h) { return h.life != door_.life; });
  if (!calm() && rng().one_in(2)) send();
  for (uint64_t n = rng().below(3); n > 0; --n) receive();
  if (calm()) receive();
  if (held_.empty() || (!calm() && rng().one_in(3))) return;
  const size_t i = rng().below(held_.size());
  std::swap(held_[i], held_.back());
  const Held held = held_.back();
  held_.pop_back();
  settle(held);
}

void C2dDesk::send() {
  const IdentityKey& to = rng().pick(keys_);
  const std::string body = ledger_.next_body(to);
  hub::EventView message;
  message.body = body;
  door_.service->send(to, message, *door_.executor, [this, body](const hub::HubResult<void>& accepted) {
    if (accepted) ledger_.on_accepted(body);
  });
}

void C2dDesk::receive() {
  const IdentityKey& key = rng().pick(keys_);
  const auto identity = rows_.find(key);
  if (!identity) return;
  const int64_t lock_ms = rng().one_in(4) ? rng().between(100, 3000) : hub::C2dService::kLockMs;
  const auto delivery = door_.service->receive({key, identity->generation_id}, lock_ms);
  if (!delivery) return;
  ledger_.on_received(key, delivery->sequence, delivery->record, lock_ms * kMs, door_.life);
  held_.push_back({key, delivery->lock, delivery->sequence, door_.life});
}

void C2dDesk::settle(Held held) {
  using enum hub::C2dOutcome;
  const uint64_t choice = calm() ? 9 : rng().below(10);
  if (choice == 0) return;  // forgotten: the lock runs out
  if (choice == 1) {
    ledger_.on_released(held.sequence);
    return door_.service->release(held.key, std::span(&held.lock, 1));
  }
  const hub::C2dOutcome outcome = choice == 2 ? kReject : choice < 5 ? kAbandon : kComplete;
  const bool removes = outcome != kAbandon;
  ledger_.begin_settle(held.sequence, !removes);
  door_.service->settle(held.key, held.lock, outcome, *door_.executor,
                        [this, sequence = held.sequence, removes](const hub::HubResult<void>& settled) {
                          if (settled) ledger_.on_settled(sequence, removes);
                        });
}

}  // namespace nave::sim
