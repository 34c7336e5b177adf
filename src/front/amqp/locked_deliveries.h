// Messages that were sent locked and wait for the word of their receiver (reference/amqp.md §4.2): what it says, and
// the second step for receivers that wait for ours.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "front/amqp/connection.h"
#include "hub/c2d/lock_token.h"
#include "hub/c2d/outcome.h"
#include "hub/errors.h"
#include "wire/amqp/link.h"

namespace nave::front::amqp {

class LockedDeliveries {
 public:
  // Sends on a link that can_send(); the lock is the delivery tag.
  void send(wire::amqp::Link& link, ByteView message, const hub::LockToken& lock);

  struct Settlement {
    hub::LockToken lock;
    std::optional<hub::C2dOutcome> outcome;  // nullopt: settled without a word, so the lock is given back
  };
  // nullopt: nothing new was said.
  [[nodiscard]] std::optional<Settlement> on_outcome(const wire::amqp::SentOutcome& outcome);
  // The locks of what was not settled; there are none afterwards.
  [[nodiscard]] std::vector<hub::LockToken> take_all();

 private:
  std::unordered_map<uint64_t, hub::LockToken> locks_;  // by Link::send()
};

// A reply for the hub's settle(): confirms to a receiver that waits for it (rcv-settle-mode second). A lock that is
// lost is amqp:not-found, by which C# knows.
[[nodiscard]] UniqueFunction<void(hub::HubResult<void>)> confirm_when_done(Connection& connection,
                                                                           wire::amqp::LinkId link,
                                                                           const wire::amqp::SentOutcome& outcome);

}  // namespace nave::front::amqp
