// What may be asked of a device (reference/service-rest.md §12, device-mqtt-https.md §6.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hub/errors.h"
#include "json/value.h"

namespace nave::hub {

// A call as the caller wrote it.
struct MethodInput {
  std::string name{};
  // JSON text. Never empty: Node's device client parses whatever body arrives.
  std::string payload = "null";
  int64_t response_timeout_s = 30;
  int64_t connect_timeout_s = 0;
};

// From {"methodName", "payload", "responseTimeoutInSeconds", "connectTimeoutInSeconds"}, with "timeoutInSeconds" as the
// older name of the first time-out. Checks types; null means absent; unknown members are ignored.
[[nodiscard]] HubResult<MethodInput> read_method_input(const json::Object& body);

// Names, sizes and ranges.
[[nodiscard]] HubResult<void> check_method_input(const MethodInput& input);

}  // namespace nave::hub
