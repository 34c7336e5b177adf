// An error as a device reads it in the answer to a twin request, whatever the protocol.
#pragma once

#include <string>

#include "base/time.h"
#include "hub/errors.h"

namespace nave::hub {

// {"errorCode","trackingId","message","timestampUtc"}. Node takes a body without a truthy errorCode for success,
// whatever the status (reference/device-mqtt-https.md §5.3).
[[nodiscard]] std::string device_error_text(const Error& error, UtcTime now);

}  // namespace nave::hub
