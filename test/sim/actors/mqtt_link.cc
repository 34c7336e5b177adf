#include "sim/actors/mqtt_link.h"

#include "unit/wire/mqtt/client_packets.h"

namespace nave::sim {

MqttLink::MqttLink(Stage& stage, Owner& owner, IdentityKey key, bool clean)
    : stage_(stage), owner_(owner), key_(std::move(key)), stream_(stage.telemetry.new_stream(key_.device, true)) {
  socket_ = stage_.network.connect(Network::Port::kMqtt, *this);
  test::ConnectSpec spec;
  spec.client_id = key_.text();
  spec.username = stage_.info.host_name + "/" + key_.text() + "/?api-version=2021-04-12";
  spec.password = stage_.device_token(key_);
  spec.clean = clean;
  socket_->peer_send(test::connect_packet(spec));
}

MqttLink::~MqttLink() {
  *self_ = nullptr;
  if (!gone_) socket_->peer_close();
}

void MqttLink::publish_telemetry(bool with_ack) {
  const std::string body = stage_.telemetry.next_body(stream_);
  const std::string topic = "devices/" + key_.device + "/messages/events/";
  if (!with_ack) return send(test::publish_packet(topic, body));
  if (++last_id_ == 0) ++last_id_;
  sent_.emplace_back(last_id_, body);
  send(test::publish_packet(topic, body, 1, last_id_));
}

void MqttLink::publish(const std::string& topic, const std::string& payload) {
  send(test::publish_packet(topic, payload));
}

void MqttLink::subscribe(const std::vector<std::pair<std::string, uint8_t>>& filters) {
  send(test::subscribe_packet(60'000, filters));
}

void MqttLink::disconnect() {
  send(test::disconnect_packet());
  close();
}

void MqttLink::close() {
  socket_->peer_close();
  leave();
}

void MqttLink::vanish() {
  socket_->peer_vanish();
  leave();
}

void MqttLink::leave() {
  gone_ = true;
  open_ = false;
}

void MqttLink::on_disconnected() {
  stage_.scheduler.note("mqtt lost", key_.text());
  leave();
}

void MqttLink::on_data(ByteView bytes) {
  in_.append(bytes);
  while (!gone_ && in_.size() >= 2) {
    size_t length = 0;
    size_t header = 1;
    do {
      if (header >= in_.size()) return;
      length |= size_t{byte_at(in_, header) & 0x7fU} << (7 * (header - 1));
    } while ((byte_at(in_, header++) & 0x80U) != 0);
    if (in_.size() < header + length) return;
    const std::string packet = in_.substr(0, header + length);
    in_.erase(0, packet.size());
    on_packet(byte_at(packet, 0), std::string_view(packet).substr(header));
  }
}

void MqttLink::on_packet(uint8_t first, std::string_view body) {
  switch (first >> 4) {
    case 2: {  // CONNACK
      const uint8_t code = byte_at(body, 1);
      stage_.scheduler.note("connack " + key_.text(), code);
      if (code != 0) return close();
      open_ = true;
      stage_.sessions.on_connected(key_, served());
      return owner_.on_open(*this);
    }
    case 3:
      return on_publish(first, body);
    case 4:
      return on_puback(load_be<uint16_t>(body.data()));
    case 9:  // SUBACK
      return owner_.on_subscribed(*this);
    default:
      break;
  }
}

// Acknowledgements come in the order of the messages (reference/device-mqtt-https.md §2.14).
void MqttLink::on_puback(uint16_t id) {
  if (sent_.empty() || sent_.front().first != id)
    return stage_.scheduler.fail("a PUBACK out of order on " + key_.text());
  stage_.telemetry.on_acknowledged(sent_.front().second);
  sent_.pop_front();
  owner_.on_acknowledged();
}

void MqttLink::on_publish(uint8_t first, std::string_view body) {
  const size_t topic_bytes = load_be<uint16_t>(body.data());
  const std::string_view topic = body.substr(2, topic_bytes);
  body.remove_prefix(2 + topic_bytes);
  if ((first & 6U) != 0) {
    const auto packet_id = load_be<uint16_t>(body.data());
    return owner_.on_message(*this, topic, body.substr(2), packet_id);
  }
  owner_.on_message(*this, topic, body);
}

}  // namespace nave::sim
