#include "sim/checks/c2d_ledger.h"

#include <algorithm>
#include <array>

#include "hub/telemetry/event.h"

namespace nave::sim {

using hub::AckRequest;
using hub::C2dOutcome;
using hub::FeedbackStatus;

std::string C2dLedger::body_of(std::string_view record) {
  hub::EventView event;
  return hub::decode_event(record, event) ? std::string(event.body) : std::string();
}

C2dLedger::Message* C2dLedger::find(std::string_view body) {
  const auto it = messages_.find(body);
  if (it != messages_.end()) return &it->second;
  scheduler_.fail("a cloud-to-device message that nobody sent");
  return nullptr;
}

// ---------------------------------------------------------------------------------------------------------------------
// Senders.

C2dLedger::Order C2dLedger::next(const IdentityKey& to) {
  Rng& rng = scheduler_.rng;
  Order order;
  order.body = "C" + std::to_string(++last_);
  order.ack = rng.one_in(3) ? static_cast<AckRequest>(rng.below(3)) : AckRequest::kFull;
  if (rng.one_in(10)) order.expires = from_unix_ms(unix_ms(scheduler_.clock.utc()) + rng.between(500, 15'000));
  Message& message = messages_[order.body];
  message.to = to;
  message.order = order;
  return order;
}

void C2dLedger::on_accepted(std::string_view body) {
  scheduler_.note("c2d accepted", body);
  Message* const message = find(body);
  if (message == nullptr) return;
  scheduler_.expect(message->sequence != 0, "a cloud-to-device message was accepted before it was durable");
  message->accepted = true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The store.

void C2dLedger::on_stored(const IdentityKey& key, uint64_t sequence, std::string_view record) {
  Message* const message = find(body_of(record));
  if (message == nullptr) return;
  scheduler_.note("c2d stored " + message->order.body, sequence);
  scheduler_.expect(message->sequence == 0, "a cloud-to-device message is stored twice");
  scheduler_.expect(message->to == key, "a cloud-to-device message is stored for somebody else");
  scheduler_.expect(stored_.empty() || stored_.rbegin()->first < sequence, "sequence numbers do not grow");
  message->sequence = sequence;
  stored_[sequence] = queues_[key][sequence] = message;
  ++waiting_;
}

void C2dLedger::remove(Message& message) {
  scheduler_.expect(!message.removed, "a cloud-to-device message ended twice");
  message.removed = true;
  queues_[message.to].erase(message.sequence);
  --waiting_;
}

bool C2dLedger::possible(const Message& message, FeedbackStatus status) const {
  constexpr uint32_t kMostAbandons = 10;
  constexpr auto kClockSet = std::chrono::seconds(3);  // backwards, since it was decided
  const auto purge = purges_.find(message.to);
  switch (status) {
    case FeedbackStatus::kSuccess:
      return message.completing || (message.loads > 0 && at_most_once_.contains(message.to));
    case FeedbackStatus::kExpired:
      return message.order.expires != kNever && message.order.expires <= scheduler_.clock.utc() + kClockSet;
    case FeedbackStatus::kDeliveryCountExceeded:
      return message.abandons >= kMostAbandons;
    case FeedbackStatus::kRejected:
      return message.rejecting;
    case FeedbackStatus::kPurged:
      return purge != purges_.end() && scheduler_.now() <= purge->second;
  }
  return false;
}

void C2dLedger::on_removed(const std::vector<hub::CommandRemoval>& removals) {
  using enum FeedbackStatus;
  for (const hub::CommandRemoval& removal : removals) {
    Message& message = *stored_.at(removal.sequence);
    scheduler_.note("c2d removed", removal.sequence, removal.feedback ? 1 : 0);
    // Without a record it ended in a way that its sender did not ask for.
    const bool fits = std::ranges::any_of(
        std::array{kSuccess, kExpired, kDeliveryCountExceeded, kRejected, kPurged}, [&](FeedbackStatus status) {
          if (removal.feedback && removal.feedback->status != status) return false;
          return hub::asks_for(message.order.ack, status) == removal.feedback.has_value() && possible(message, status);
        });
    scheduler_.expect(fits, "a cloud-to-device message is gone that nobody has ended so");
    remove(message);
    if (!removal.feedback) continue;
    scheduler_.expect(
        removal.feedback->message_id == message.order.body && removal.feedback->device == message.to.device,
        "feedback on another message than the one that ended");
    feedback_.on_stored(*removal.feedback);
  }
}

void C2dLedger::on_erased(const IdentityKey& key) {
  for (auto& [to, queue] : queues_) {
    if (to.device != key.device) continue;
    for (const Queue all = queue; const auto& [sequence, message] : all) remove(*message);
  }
}

void C2dLedger::on_loaded(const IdentityKey& key, uint64_t sequence) {
  scheduler_.note("c2d handed out", sequence);
  Message& message = *stored_.at(sequence);
  const int64_t now = scheduler_.now();
  scheduler_.expect(message.to == key, "a cloud-to-device message is handed out to somebody else");
  scheduler_.expect(!message.removed && !message.settled, "a cloud-to-device message came again after it had ended");
  scheduler_.expect(!message.hold.is_live(now), "two receivers have one cloud-to-device message");
  scheduler_.expect(message.order.expires == kNever || message.order.expires > scheduler_.clock.utc(),
                    "a cloud-to-device message is handed out after it has expired");
  for (const auto& [earlier, other] : queues_[key]) {
    if (earlier >= sequence) break;
    const bool is_free = other->accepted && other->loads == 0 && !possible(*other, FeedbackStatus::kExpired) &&
                         !possible(*other, FeedbackStatus::kPurged);
    scheduler_.expect(!is_free, "a later cloud-to-device message overtook an earlier one");
  }
  message.hold.end();
  ++message.loads;
  message.last_load = ++loads_;
}

void C2dLedger::on_restart() {
  for (auto& [body, message] : messages_) message.hold.end();
}

// ---------------------------------------------------------------------------------------------------------------------
// Receivers.

void C2dLedger::on_received(const IdentityKey& key, std::string_view body, Hold hold, uint64_t* link) {
  scheduler_.note("c2d received", body);
  Message* const message = find(body);
  if (message == nullptr) return;
  scheduler_.expect(message->to == key, "a cloud-to-device message came to somebody else");
  scheduler_.expect(++message->receipts <= message->loads, "a cloud-to-device message came twice at once");
  // A link that the hub has given up may bring what somebody else has by now.
  if (link != nullptr && hold.is_live(scheduler_.now())) {
    scheduler_.expect(message->last_load > *link, "cloud-to-device messages overtook each other on a link");
    *link = message->last_load;
  }
  message->hold = std::move(hold);
}

// Of a removal it is not known that it has failed, so the hold goes on.
void C2dLedger::begin_settle(std::string_view body, C2dOutcome outcome) {
  Message* const message = find(body);
  if (message == nullptr) return;
  if (outcome == C2dOutcome::kComplete) message->completing = true;
  if (outcome == C2dOutcome::kReject) message->rejecting = true;
  if (outcome != C2dOutcome::kAbandon) return;
  ++message->abandons;
  message->hold.end();
}

void C2dLedger::on_settled(std::string_view body, C2dOutcome outcome) {
  scheduler_.note("c2d settled", body);
  Message* const message = find(body);
  if (message == nullptr || outcome == C2dOutcome::kAbandon) return;
  ++settled_;
  scheduler_.expect(!message->settled, "a cloud-to-device message was completed twice");
  scheduler_.expect(message->removed, "a completion was acknowledged before it was durable");
  message->settled = true;
}

void C2dLedger::on_released(std::string_view body) {
  if (Message* const message = find(body)) message->hold.end();
}

size_t C2dLedger::waiting(const IdentityKey& key) const {
  const auto queue = queues_.find(key);
  return queue == queues_.end() ? 0 : queue->second.size();
}

void C2dLedger::check_end() {
  scheduler_.expect(waiting_ == 0, "a cloud-to-device message stays in its queue");
  for (const auto& [body, message] : messages_) {
    if (message.accepted && message.sequence == 0) scheduler_.fail("an accepted cloud-to-device message is gone");
  }
}

}  // namespace nave::sim
