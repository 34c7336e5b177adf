// A cloud-to-device message on its way to whoever receives it.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "hub/c2d/lock_token.h"

namespace nave::hub {

// Locked for its receiver until it is settled or released, or the lock runs out.
struct C2dDelivery {
  LockToken lock;
  uint64_t sequence = 0;  // grows within the hub, also over restarts
  UtcTime enqueued;
  uint32_t delivery_count = 0;  // explicit abandons so far, below 255
  // The message in the encoding of telemetry/event.h: what the sender set, `to` always (the receiver's own address if
  // the sender gave none), absolute expiry and ack only if the sender did, ack in lower case.
  std::string record;
};

}  // namespace nave::hub
