// The properties that travel in the topic of a telemetry message (reference/device-mqtt-https.md §3.2–3.4).
#pragma once

#include <string>
#include <string_view>

#include "hub/telemetry/event.h"
#include "hub/telemetry/property_collector.h"

namespace nave::front::mqtt {

// Decodes bags, one after the other, without allocating once its buffers have grown to what is usual. Not thread-safe:
// one per shard.
class PropertyBagDecoder {
 public:
  // Replaces the properties of `event`; leaves its body alone. The views point into `bag` and into this object and are
  // valid until the next decode(). Never fails: what cannot be decoded is kept as it was written. Of properties with
  // the same name the last counts.
  void decode(std::string_view bag, hub::EventView& event);

 private:
  void add_pair(std::string_view pair);
  [[nodiscard]] std::string_view decode_component(std::string_view text);

  hub::PropertyCollector collector_;
  std::string arena_;  // decoded text; reserved before a bag is begun, so that views into it stay valid
};

// Marks a message that was published with RETAIN, which the hub does not keep (reference/device-mqtt-https.md §2.12).
inline constexpr std::string_view kRetainProperty = "mqtt-retain";

// Sets an application property that the hub adds itself, over one that the device may have sent.
void set_application_property(hub::EventView& event, std::string_view name, std::string_view value);

}  // namespace nave::front::mqtt
