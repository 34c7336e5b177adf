// The filters that may be subscribed to, each a bit of hub::MqttSession (reference/device-mqtt-https.md §2.13).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "hub/ports.h"
#include "wire/mqtt/packets.h"

namespace nave::front::mqtt {

// Numbers are bits on disk: never reuse one.
enum class Filter : uint8_t {
  kDeviceC2d = 0,      // devices/{d}/messages/devicebound/#
  kModuleC2d = 1,      // devices/{d}/modules/{m}/messages/devicebound/#: nothing is ever sent there, Java insists on it
  kModuleInputs = 2,   // devices/{d}/modules/{m}/inputs/#
  kModuleAll = 3,      // devices/{d}/modules/{m}/#
  kTwinResponses = 4,  // $iothub/twin/res/#
  kDesiredProperties = 5,  // $iothub/twin/PATCH/properties/desired/#
  kMethods = 6,            // $iothub/methods/POST/#
};

// The filter of exactly this text for `own`, compared literally; nullopt if the identity may not subscribe to it.
[[nodiscard]] std::optional<Filter> parse_filter(std::string_view text, const IdentityKey& own);

// Sets a subscription, replacing the QoS of an earlier one, and returns what is granted: QoS 2 becomes 1.
wire::mqtt::Qos subscribe(hub::MqttSession& session, Filter filter, wire::mqtt::Qos requested);
void unsubscribe(hub::MqttSession& session, Filter filter);
// The QoS that was granted; nullopt: not subscribed.
[[nodiscard]] std::optional<wire::mqtt::Qos> subscribed_qos(const hub::MqttSession& session, Filter filter);
[[nodiscard]] size_t subscription_count(const hub::MqttSession& session);

}  // namespace nave::front::mqtt
