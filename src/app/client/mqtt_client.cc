#include "app/client/mqtt_client.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace nave::app {
namespace {

constexpr uint8_t kConnect = 0x10, kConnack = 0x20, kPublish = 0x30, kPuback = 0x40, kSubscribe = 0x82, kSuback = 0x90,
                  kPingreq = 0xC0, kDisconnect = 0xE0;
constexpr int kConnackTimeoutMs = 30'000;
constexpr size_t kPacketBytesMax = size_t{1} << 20;

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void append_u16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

void append_text(std::string& out, std::string_view text) {
  append_u16(out, text.size());
  out += text;
}

uint16_t u16_at(std::string_view bytes, size_t at) {
  if (at + 2 > bytes.size()) throw std::runtime_error("the hub's packet is cut short");
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 | static_cast<uint8_t>(bytes[at + 1]));
}

std::string_view why_refused(uint8_t code) {
  switch (code) {
    case 1:
      return "it does not speak this version of MQTT";
    case 3:
      return "it is not available at the moment";
    case 4:
    case 5:
      return "the device is unknown, disabled, or its key is another one";
    default:
      return "it does not say why";
  }
}

}  // namespace

MqttClient::MqttClient(const ClientTarget& target, const MqttLogin& login)
    : stream_(target), keep_alive_ms_(static_cast<int64_t>(login.keep_alive_s) * 1000) {
  std::string body;
  append_text(body, "MQTT");
  body += '\4';
  body += static_cast<char>(0xC0 | (login.clean_session ? 2 : 0));
  append_u16(body, login.keep_alive_s);
  append_text(body, login.client_id);
  append_text(body, login.username);
  append_text(body, login.password);
  send(kConnect, body);
  Packet answer;
  if (!read_packet(answer, now_ms() + kConnackTimeoutMs) || answer.first != kConnack || answer.body.size() != 2)
    throw std::runtime_error("the hub did not answer the connect");
  if (const auto code = static_cast<uint8_t>(answer.body[1]); code != 0)
    throw std::runtime_error("the hub refused the device: " + std::string(why_refused(code)));
}

uint16_t MqttClient::subscribe(std::string_view filter, uint8_t qos) {
  const uint16_t id = new_packet_id();
  std::string body;
  append_u16(body, id);
  append_text(body, filter);
  body += static_cast<char>(qos);
  send(kSubscribe, body);
  return id;
}

uint16_t MqttClient::publish(std::string_view topic, std::string_view payload, uint8_t qos) {
  std::string body;
  append_text(body, topic);
  const uint16_t id = qos > 0 ? new_packet_id() : uint16_t{0};
  if (qos > 0) append_u16(body, id);
  body += payload;
  send(static_cast<uint8_t>(kPublish | qos << 1), body);
  return id;
}

void MqttClient::acknowledge(uint16_t packet_id) {
  std::string body;
  append_u16(body, packet_id);
  send(kPuback, body);
}

void MqttClient::disconnect() {
  send(kDisconnect, "");
}

MqttEvent MqttClient::next(int timeout_ms) {
  const int64_t until = now_ms() + timeout_ms;
  MqttEvent event;
  Packet packet;
  while (read_packet(packet, until)) {
    if (event_of(packet, event)) return event;
  }
  event.kind = closed_ ? MqttEvent::Kind::kClosed : MqttEvent::Kind::kTimeout;
  return event;
}

void MqttClient::send(uint8_t first, std::string_view body) {
  std::string packet(1, static_cast<char>(first));
  size_t length = body.size();
  do {
    packet += static_cast<char>((length & 0x7F) | (length > 0x7F ? 0x80 : 0));
    length >>= 7;
  } while (length > 0);
  packet += body;
  stream_.write(packet);
  last_sent_ms_ = now_ms();
}

uint16_t MqttClient::new_packet_id() {
  last_packet_id_ = last_packet_id_ == 0xFFFF ? uint16_t{1} : static_cast<uint16_t>(last_packet_id_ + 1);
  return last_packet_id_;
}

bool MqttClient::take_packet(Packet& packet) {
  size_t length = 0;
  size_t at = 1;
  for (;; ++at) {
    if (at >= input_.size()) return false;
    if (at > 4) throw std::runtime_error("the hub does not speak MQTT");
    const auto byte = static_cast<uint8_t>(input_[at]);
    length |= size_t{byte & 0x7Fu} << 7 * (at - 1);
    if ((byte & 0x80) == 0) break;
  }
  ++at;
  if (length > kPacketBytesMax) throw std::runtime_error("the hub sent a packet that is too large");
  if (input_.size() < at + length) return false;
  packet.first = static_cast<uint8_t>(input_[0]);
  packet.body = input_.substr(at, length);
  input_.erase(0, at + length);
  return true;
}

bool MqttClient::read_packet(Packet& packet, int64_t until_ms) {
  while (!take_packet(packet)) {
    ping_if_due();
    int64_t wait = std::max<int64_t>(0, until_ms - now_ms());
    if (keep_alive_ms_ > 0) wait = std::min(wait, keep_alive_ms_ / 2);
    bool timed_out = false;
    const std::string more = stream_.read(16 * 1024, static_cast<int>(wait), timed_out);
    if (timed_out) {
      if (now_ms() >= until_ms) return false;
      continue;
    }
    if (more.empty()) {
      closed_ = true;
      return false;
    }
    input_ += more;
  }
  return true;
}

void MqttClient::ping_if_due() {
  if (keep_alive_ms_ > 0 && now_ms() - last_sent_ms_ >= keep_alive_ms_ / 2) send(kPingreq, "");
}

bool MqttClient::event_of(const Packet& packet, MqttEvent& event) {
  if (packet.first == kPuback || packet.first == kSuback) {
    event.kind = MqttEvent::Kind::kAcknowledged;
    event.packet_id = u16_at(packet.body, 0);
    return true;
  }
  if ((packet.first & 0xF0) != kPublish) return false;
  const size_t topic_end = size_t{2} + u16_at(packet.body, 0);
  const bool numbered = (packet.first & 0x06) != 0;
  if (topic_end > packet.body.size()) throw std::runtime_error("the hub's packet is cut short");
  event.kind = MqttEvent::Kind::kMessage;
  event.topic = packet.body.substr(2, topic_end - 2);
  event.packet_id = numbered ? u16_at(packet.body, topic_end) : uint16_t{0};
  event.payload = packet.body.substr(topic_end + (numbered ? 2 : 0));
  return true;
}

}  // namespace nave::app
