#include "front/mqtt/will.h"

#include <variant>

#include "front/mqtt/topics.h"

namespace nave::front::mqtt {

std::unique_ptr<Will> Will::make(const wire::mqtt::Will& will, const IdentityKey& own) {
  const PublishTopic topic = parse_publish_topic(will.topic, own);
  const auto* const telemetry = std::get_if<TelemetryTopic>(&topic);
  if (telemetry == nullptr) return nullptr;
  auto out = std::make_unique<Will>();
  out->bag_ = telemetry->bag;
  out->body_ = will.payload;
  out->retain_ = will.retain;
  return out;
}

void Will::fill(PropertyBagDecoder& decoder, hub::EventView& event) const {
  decoder.decode(bag_, event);
  event.body = body_;
  if (retain_) set_application_property(event, kRetainProperty, "true");
  set_application_property(event, "iothub-MessageType", "Will");
}

}  // namespace nave::front::mqtt
