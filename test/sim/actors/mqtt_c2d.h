// The cloud-to-device messages of one MQTT connection: acknowledged at once, late, or never.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sim/actors/mqtt_link.h"
#include "sim/stage.h"

namespace nave::sim {

class MqttC2d {
 public:
  MqttC2d(Stage& stage, const IdentityKey& key, uint8_t qos);

  // The filter to subscribe to, and the QoS.
  [[nodiscard]] std::pair<std::string, uint8_t> subscription() const;
  [[nodiscard]] static bool is_topic(std::string_view topic);
  // After how long to acknowledge it; negative: never. QoS 0 is not acknowledged.
  [[nodiscard]] int64_t on_message(MqttLink& link, std::string_view body, bool calm);
  void acknowledge(MqttLink& link, uint16_t packet_id, std::string_view body);

 private:
  Stage& stage_;
  const IdentityKey key_;
  const uint8_t qos_;
};

}  // namespace nave::sim
