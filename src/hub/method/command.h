// A direct method on its way to a device or module, and what comes back: the words that the service, the sessions and
// the fronts share.
#pragma once

#include <cstdint>
#include <string>

namespace nave::hub {

// Immutable once made: read on the caller's shard and on the session's.
struct MethodCommand {
  std::string name;
  std::string payload;      // JSON text; "null" if none was given
  int64_t deadline_ms = 0;  // Clock::steady_ms() after which nobody waits for the answer
};

struct MethodAnswer {
  int32_t status = 0;
  std::string payload;  // JSON text exactly as the device wrote it; "null" if it wrote none
  bool operator==(const MethodAnswer&) const = default;
};

// What a session did with a command.
enum class MethodDelivery : uint8_t {
  kDelivered,  // sent; the session has taken the reply
  kNotReady,   // the identity does not take methods at the moment
  kTooMany,    // too much is in flight to it already
};

}  // namespace nave::hub
