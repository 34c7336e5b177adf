#include "front/amqp/locked_deliveries.h"

#include <utility>

#include "front/amqp/errors.h"

namespace nave::front::amqp {
namespace {

using hub::C2dOutcome;

// A rejection may say whatever it likes, or be malformed; what "modified" wants comes to an abandon.
std::optional<C2dOutcome> meaning(const wire::amqp::Outcome& outcome) {
  if (std::holds_alternative<wire::amqp::Accepted>(outcome)) return C2dOutcome::kComplete;
  if (std::holds_alternative<wire::amqp::Rejected>(outcome)) return C2dOutcome::kReject;
  if (std::holds_alternative<wire::amqp::Released>(outcome)) return C2dOutcome::kAbandon;
  if (std::holds_alternative<wire::amqp::Modified>(outcome)) return C2dOutcome::kAbandon;
  return std::nullopt;
}

wire::amqp::Outcome confirmation(const hub::HubResult<void>& done, UtcTime now) {
  if (done) return wire::amqp::Accepted{};
  if (done.error().code == hub::ErrorCode::kDeviceMessageLockLost)
    return wire::amqp::Rejected{make_error(wire::amqp::condition::kNotFound, done.error().message, now)};
  return wire::amqp::Rejected{make_error(done.error(), now)};
}

}  // namespace

void LockedDeliveries::send(wire::amqp::Link& link, ByteView message, const hub::LockToken& lock) {
  if (const auto number = link.send(message, {.tag = lock.tag()})) locks_.emplace(*number, lock);
}

std::optional<LockedDeliveries::Settlement> LockedDeliveries::on_outcome(const wire::amqp::SentOutcome& outcome) {
  const auto word = meaning(outcome.outcome);
  // "received" is no end yet.
  if (!word && !outcome.settled) return std::nullopt;
  auto entry = locks_.extract(outcome.delivery);
  if (entry.empty()) return std::nullopt;
  return Settlement{entry.mapped(), word};
}

std::vector<hub::LockToken> LockedDeliveries::take_all() {
  std::vector<hub::LockToken> out;
  for (const auto& [number, lock] : locks_) out.push_back(lock);
  locks_.clear();
  return out;
}

UniqueFunction<void(hub::HubResult<void>)> confirm_when_done(Connection& connection, wire::amqp::LinkId link,
                                                             const wire::amqp::SentOutcome& outcome) {
  if (outcome.settled) return [](const hub::HubResult<void>&) {};
  return [handle = connection.handle(), link, id = outcome.wire_id](const hub::HubResult<void>& done) {
    if (handle->connection == nullptr) return;
    wire::amqp::Link* const out = handle->connection->machine().find(link);
    if (out == nullptr) return;
    out->confirm(id, confirmation(done, handle->connection->utc()));
    handle->connection->flush();
  };
}

}  // namespace nave::front::amqp
