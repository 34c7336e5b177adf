// Faults that devices asked for: which of their messages are such requests, and who is refused at the moment. Exists
// only in a hub that was switched on for it (docs/operations/fault-injection.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "hub/errors.h"
#include "hub/fault/request.h"

namespace nave::hub {

class FaultInjection {  // thread-safe
 public:
  FaultInjection(const Clock& clock, Metrics& metrics);

  // To be called with every telemetry message that was taken. A lasting fault begins by itself after its delay.
  // Returns what the front must do to the connection that the message came on, after the delay: break it, or with
  // kInvokeAuthError close it as unauthorized.
  [[nodiscard]] std::optional<FaultRequest> take(const EventView& message, const IdentityKey& who);

  // How operations of the identity are refused at this moment: throttled, or out of quota.
  [[nodiscard]] std::optional<ErrorCode> refusal(const IdentityKey& who) const;
  // Does the identity count as unauthorized at this moment?
  [[nodiscard]] bool refuses_login(const IdentityKey& who) const;

 private:
  struct Lasting {
    FaultType type;
    int64_t from_ms;
    int64_t until_ms;
  };
  void begin(const IdentityKey& who, const FaultRequest& request);
  [[nodiscard]] bool active(const IdentityKey& who, FaultType type) const;

  const Clock& clock_;
  Counter& taken_;
  std::atomic<bool> any_{false};  // so that nobody pays for the lock before the first lasting fault
  mutable std::mutex mutex_;
  std::unordered_map<IdentityKey, std::vector<Lasting>> lasting_;  // at most one of each type
};

}  // namespace nave::hub
