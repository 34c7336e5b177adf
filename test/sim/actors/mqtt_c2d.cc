#include "sim/actors/mqtt_c2d.h"

#include "unit/wire/mqtt/client_packets.h"

namespace nave::sim {

MqttC2d::MqttC2d(Stage& stage, const IdentityKey& key, uint8_t qos) : stage_(stage), key_(key), qos_(qos) {
  if (qos_ == 0) stage_.commands.deliver_at_most_once(key_);
}

std::pair<std::string, uint8_t> MqttC2d::subscription() const {
  return {"devices/" + key_.device + "/messages/devicebound/#", qos_};
}

bool MqttC2d::is_topic(std::string_view topic) {
  return topic.starts_with("devices/") && topic.find("/messages/devicebound/") != std::string_view::npos;
}

int64_t MqttC2d::on_message(MqttLink& link, std::string_view body, bool calm) {
  Rng& rng = stage_.scheduler.rng;
  stage_.commands.on_received(key_, body, {stage_.scheduler.now() + kLinkHoldUs, link.served()}, &link.c2d_order);
  if (!calm && rng.one_in(15)) return -1;
  return rng.one_in(4) ? rng.between(0, 3000) * kMs : rng.between(0, 20) * kMs;
}

// In whatever order: nothing says that a device works on one message at a time.
void MqttC2d::acknowledge(MqttLink& link, uint16_t packet_id, std::string_view body) {
  stage_.commands.begin_settle(body, hub::C2dOutcome::kComplete);
  link.send(test::puback_packet(packet_id));
}

}  // namespace nave::sim
