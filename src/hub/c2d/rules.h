// Which messages a queue takes, and how they are kept.
#pragma once

#include <cstdint>

#include "hub/c2d/command.h"
#include "hub/errors.h"
#include "hub/telemetry/event.h"

namespace nave::hub {

// What goes to disk for `message`, sent to `key` at `now`; lives for `ttl_ms` unless its absolute expiry says
// otherwise. MessageTooLarge beyond 64 KB as metered; ArgumentInvalid for a bad ack, a message id that feedback could
// not carry or a property that HTTP could not; InvalidMessageExpiryTime for an expiry that is no time or not in the
// future.
[[nodiscard]] HubResult<CommandWrite> accept_message(const IdentityKey& key, const EventView& message, UtcTime now,
                                                     int64_t ttl_ms);

}  // namespace nave::hub
