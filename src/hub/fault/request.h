// Fault injection on request (reference/fault-injection.md): a device asks, in the properties of a telemetry message,
// that the hub break its connection or refuse it for a while, so that somebody can see it recover.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "hub/telemetry/event.h"

namespace nave::hub {

enum class FaultType : uint8_t {
#define NAVE_FAULT(name, wire) k##name,
#include "hub/fault/fault_type.def"
#undef NAVE_FAULT
};

// As it is spelled on the wire.
[[nodiscard]] std::string_view text(FaultType type);
// Goes on for a time, for the identity and not for one of its connections.
[[nodiscard]] bool is_lasting(FaultType type);

struct FaultRequest {
  FaultType type = FaultType::kKillTcp;
  std::string reason;       // carried into error descriptions where the protocol has them
  int64_t delay_ms = 0;     // at most limits::kFaultDelayMsMax
  int64_t duration_ms = 0;  // of lasting faults, 1 s to limits::kFaultDurationMsMax
};

// nullopt: the message asks for nothing. An error says why a request cannot be one; the message is plain telemetry
// then.
[[nodiscard]] Result<std::optional<FaultRequest>, std::string_view> parse_fault_request(const EventView& message);

}  // namespace nave::hub
