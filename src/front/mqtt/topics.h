// The topics that a device or module may publish to (reference/device-mqtt-https.md §3.1, §5.1, §6.1), told apart once
// and for all: everything behind works with the alternatives of PublishTopic.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/ids.h"

namespace nave::front::mqtt {

// devices/{d}[/modules/{m}]/messages/events[/[bag][/…]] of the identity itself.
struct TelemetryTopic {
  std::string_view bag;  // without the slashes around it
};
// $iothub/twin/GET/?$rid={rid}
struct TwinGetTopic {
  std::string_view request_id;  // verbatim, not empty; so below
};
// $iothub/twin/PATCH/properties/reported/?$rid={rid}[&$version={base}]
struct TwinPatchTopic {
  std::string_view request_id;
  std::optional<int64_t> base_version;
};
// Anything else below $iothub/twin/ that carries a request id: an operation that there is not, or a version that is no
// number. It is answered, not punished (§5.6).
struct UnknownTwinTopic {
  std::string_view request_id;
};
// $iothub/methods/res/{status}/?$rid={rid}
struct MethodResponseTopic {
  int32_t status = 0;
  std::string_view request_id;
};
// Anything else, topics of other identities included.
struct UnknownTopic {};

using PublishTopic =
    std::variant<TelemetryTopic, TwinGetTopic, TwinPatchTopic, UnknownTwinTopic, MethodResponseTopic, UnknownTopic>;

// `own` is compared literally. The views point into `topic`.
[[nodiscard]] PublishTopic parse_publish_topic(std::string_view topic, const IdentityKey& own);

// What follows "devices/{d}/" or "devices/{d}/modules/{m}/" of the identity itself; nullopt for any other text.
[[nodiscard]] std::optional<std::string_view> after_own_prefix(std::string_view text, const IdentityKey& own);

}  // namespace nave::front::mqtt
