// MQTT packets as clients write them, well-formed or not, for tests of the decoder and of the front.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace nave::test {

// `first` is type and flags; the remaining length is put in between.
inline std::string mqtt_packet(uint8_t first, std::string_view body) {
  std::string out(1, static_cast<char>(first));
  size_t n = body.size();
  do {
    const auto low = static_cast<uint8_t>(n & 0x7f);
    n >>= 7;
    out += static_cast<char>(n > 0 ? low | 0x80 : low);
  } while (n > 0);
  return out.append(body);
}

inline std::string mqtt_string(std::string_view s) {
  std::string out;
  append_be(out, static_cast<uint16_t>(s.size()));
  return out.append(s);
}

inline std::string mqtt_u16(unsigned v) {
  std::string out;
  append_be(out, static_cast<uint16_t>(v));
  return out;
}

struct ConnectSpec {
  std::string client_id = "dev-1";
  std::optional<std::string> username = {};
  std::optional<std::string> password = {};
  bool clean = false;
  unsigned keep_alive_s = 240;
  std::optional<std::string> will_topic = {};
  std::string will_payload = {};
  uint8_t will_qos = 0;
  bool will_retain = false;
  std::string protocol = "MQTT";
  uint8_t level = 4;
  uint8_t more_flags = 0;
};

inline std::string connect_packet(const ConnectSpec& c) {
  uint8_t flags = c.more_flags;
  if (c.clean) flags |= 0x02;
  if (c.will_topic) flags = static_cast<uint8_t>(flags | 0x04 | (c.will_qos << 3) | (c.will_retain ? 0x20 : 0));
  if (c.password) flags |= 0x40;
  if (c.username) flags |= 0x80;
  std::string body = mqtt_string(c.protocol);
  body += static_cast<char>(c.level);
  body += static_cast<char>(flags);
  body += mqtt_u16(c.keep_alive_s) + mqtt_string(c.client_id);
  if (c.will_topic) body += mqtt_string(*c.will_topic) + mqtt_string(c.will_payload);
  if (c.username) body += mqtt_string(*c.username);
  if (c.password) body += mqtt_string(*c.password);
  return mqtt_packet(0x10, body);
}

inline std::string publish_packet(std::string_view topic, std::string_view payload, uint8_t qos = 0,
                                  unsigned packet_id = 0, bool retain = false, bool duplicate = false) {
  const auto first = static_cast<uint8_t>(0x30 | (duplicate ? 8 : 0) | (qos << 1) | (retain ? 1 : 0));
  return mqtt_packet(first, mqtt_string(topic) + (qos > 0 ? mqtt_u16(packet_id) : "") + std::string(payload));
}

inline std::string subscribe_packet(unsigned packet_id, const std::vector<std::pair<std::string, uint8_t>>& filters) {
  std::string body = mqtt_u16(packet_id);
  for (const auto& [filter, qos] : filters) body += mqtt_string(filter) + static_cast<char>(qos);
  return mqtt_packet(0x82, body);
}

inline std::string unsubscribe_packet(unsigned packet_id, const std::vector<std::string>& filters) {
  std::string body = mqtt_u16(packet_id);
  for (const std::string& filter : filters) body += mqtt_string(filter);
  return mqtt_packet(0xa2, body);
}

inline std::string puback_packet(unsigned packet_id) {
  return mqtt_packet(0x40, mqtt_u16(packet_id));
}
inline std::string pingreq_packet() {
  return mqtt_packet(0xc0, "");
}
inline std::string disconnect_packet() {
  return mqtt_packet(0xe0, "");
}

}  // namespace nave::test
