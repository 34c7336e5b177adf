// The user name of an MQTT CONNECT, where IoT Hub carries everything about the client that MQTT has no field for
// (reference/device-mqtt-https.md §2.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace nave::front::mqtt {

struct Username {
  std::string_view host;  // view into the parsed text
  IdentityKey identity;   // as written: ids are never percent-decoded here
  std::string api_version;
  std::string client_type;  // DeviceClientType, for the log
  std::string model_id;
  bool has_auth_chain = false;
};

// Accepts the current form and both older ones; nullopt if there is no host, no device id, more id segments than two,
// or a value beyond its limit. Parameters are percent-decoded; of duplicates the first counts; unknown names are
// ignored.
[[nodiscard]] std::optional<Username> parse_username(std::string_view text);

}  // namespace nave::front::mqtt
