// A device that speaks MQTT: telemetry, its twin, methods; it loses connections, opens a second one beside the first,
// and stops reading.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/actors/mqtt_c2d.h"
#include "sim/actors/mqtt_link.h"

namespace nave::sim {

class MqttDevice final : public Actor, private MqttLink::Owner {
 public:
  // `stable`: nobody deletes the identity or changes its keys, so everything it begins succeeds in the end.
  // `c2d_qos`: with which it takes cloud-to-device messages.
  MqttDevice(Stage& stage, const IdentityKey& key, bool stable, uint8_t c2d_qos)
      : Actor(stage), key_(key), stable_(stable), c2d_(stage, key, c2d_qos) {}

  [[nodiscard]] std::string waits_for() const override;
  void check() override;

 private:
  void act() override;
  void close_all() override { links_.clear(); }
  void connect();
  void work();
  void mischief();
  void read_twin();
  void subscribe_to_changes(MqttLink& link);
  void report();

  void on_open(MqttLink& link) override;
  void on_subscribed(MqttLink& link) override { ++link.desired.subscriptions; }
  void on_message(MqttLink& link, std::string_view topic, std::string_view payload) override;
  void on_message(MqttLink& link, std::string_view topic, std::string_view payload, uint16_t packet_id) override;
  void on_acknowledged() override { owed_ -= owed_ > 0 ? 1 : 0; }
  void on_twin_response(MqttLink& link, std::string_view topic, std::string_view payload);
  void on_desired(MqttLink& link, std::string_view topic, std::string_view payload);
  void on_method(MqttLink& link, std::string_view topic, std::string_view payload);
  [[nodiscard]] MqttLink* newest() const { return links_.empty() ? nullptr : links_.back().get(); }
  // The newest connection, if it is open.
  [[nodiscard]] MqttLink* ready() const { return newest() != nullptr && newest()->is_open() ? newest() : nullptr; }

  // A twin request on its way.
  struct Request {
    uint64_t link;   // its number
    uint64_t write;  // 0: a read
    uint64_t desired_floor;
    uint64_t reported_floor;
  };

  const IdentityKey key_;
  const bool stable_;
  MqttC2d c2d_;
  std::vector<std::unique_ptr<MqttLink>> links_;  // the newest last
  std::map<uint64_t, Request> requests_;
  uint64_t last_request_ = 0;
  size_t owed_ = 0;  // messages that it wants to see acknowledged before it is done
};

}  // namespace nave::sim
