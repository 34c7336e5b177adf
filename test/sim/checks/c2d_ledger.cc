#include "sim/checks/c2d_ledger.h"

#include "hub/telemetry/event.h"

namespace nave::sim {

std::string C2dLedger::body_of(std::string_view record) {
  hub::EventView event;
  return hub::decode_event(record, event) ? std::string(event.body) : std::string();
}

std::string C2dLedger::next_body(const IdentityKey& to) {
  std::string body = "C" + std::to_string(++last_);
  sent_[body].to = to;
  return body;
}

C2dLedger::Sent* C2dLedger::find(std::string_view body) {
  const auto it = sent_.find(body);
  if (it != sent_.end()) return &it->second;
  scheduler_.fail("a cloud-to-device message that nobody sent");
  return nullptr;
}

void C2dLedger::on_accepted(std::string_view body) {
  scheduler_.note("c2d accepted", body);
  Sent* const sent = find(body);
  if (sent == nullptr) return;
  scheduler_.expect(sent->stored, "a cloud-to-device message was accepted before it was durable");
  sent->accepted = true;
}

void C2dLedger::on_stored(const IdentityKey& key, uint64_t sequence, std::string_view record) {
  const std::string body = body_of(record);
  Sent* const sent = find(body);
  if (sent == nullptr) return;
  scheduler_.expect(!sent->stored, "a cloud-to-device message is stored twice");
  scheduler_.expect(sent->to == key, "a cloud-to-device message is stored for somebody else");
  scheduler_.expect(stored_.empty() || stored_.rbegin()->first < sequence, "sequence numbers do not grow");
  sent->stored = true;
  Stored& stored = stored_[sequence];
  stored.key = key;
  stored.body = body;
}

void C2dLedger::on_removed(const std::vector<uint64_t>& sequences) {
  for (const uint64_t sequence : sequences) {
    Stored& stored = stored_.at(sequence);
    scheduler_.note("c2d removed", sequence);
    scheduler_.expect(stored.may_be_removed, "a cloud-to-device message is gone that nobody has completed");
    stored.removed = true;
  }
}

void C2dLedger::on_erased(const IdentityKey& key) {
  for (auto& [sequence, stored] : stored_) {
    if (stored.key.device == key.device) stored.removed = true;
  }
}

void C2dLedger::on_received(const IdentityKey& key, uint64_t sequence, std::string_view record, int64_t lock_us,
                            const Life& life) {
  scheduler_.note("c2d received", sequence);
  const auto it = stored_.find(sequence);
  if (it == stored_.end()) return scheduler_.fail("a cloud-to-device message was received before it was durable");
  Stored& stored = it->second;
  scheduler_.expect(stored.key == key && stored.body == body_of(record), "another message than the one of its number");
  scheduler_.expect(!stored.settled, "a cloud-to-device message came again after it was completed");
  scheduler_.expect(!stored.removed, "a cloud-to-device message came again after it was removed");
  const bool locked = stored.locked_until_us > scheduler_.now() && stored.locked_in.lock() == life;
  scheduler_.expect(!locked, "two receivers have one cloud-to-device message");
  for (const auto& [earlier, other] : stored_) {
    if (earlier >= sequence) break;
    const bool is_free = other.key == key && !other.removed && !other.ever_locked && sent_[other.body].accepted;
    scheduler_.expect(!is_free, "a later cloud-to-device message overtook an earlier one");
  }
  stored.ever_locked = true;
  // The hub counts in milliseconds.
  stored.locked_until_us = scheduler_.now() + lock_us - kMs;
  stored.locked_in = life;
}

// An abandon removes a message, too, when it was one too many.
void C2dLedger::begin_settle(uint64_t sequence, bool abandons) {
  Stored& stored = stored_.at(sequence);
  stored.may_be_removed = true;
  if (abandons) stored.locked_until_us = 0;
}

void C2dLedger::on_settled(uint64_t sequence, bool removes) {
  scheduler_.note("c2d settled", sequence, removes ? 1 : 0);
  Stored& stored = stored_.at(sequence);
  stored.locked_until_us = 0;
  if (!removes) return;
  ++settled_;
  scheduler_.expect(!stored.settled, "a cloud-to-device message was completed twice");
  scheduler_.expect(stored.removed, "a completion was acknowledged before it was durable");
  stored.settled = true;
}

size_t C2dLedger::waiting() const {
  size_t out = 0;
  for (const auto& [sequence, stored] : stored_) {
    if (!stored.removed) ++out;
  }
  return out;
}

void C2dLedger::check_end() {
  scheduler_.expect(waiting() == 0, "a cloud-to-device message stays in its queue");
  for (const auto& [body, sent] : sent_) {
    if (sent.accepted && !sent.stored) scheduler_.fail("an accepted cloud-to-device message is gone");
  }
}

}  // namespace nave::sim
