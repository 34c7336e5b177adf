// The few MQTT 3.1.1 packets that a load generator says, written without the hub's own codec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/options.h"

namespace nave::bench {

enum class PacketType : uint8_t { kConnack = 2, kPublish = 3, kPuback = 4, kSuback = 9 };

[[nodiscard]] std::string connect_packet(const Options& options, unsigned number);
// A QoS 1 PUBLISH whose packet id is set later, at `id_at`.
struct PublishTemplate {
  std::string bytes;
  size_t id_at = 0;
  void set_id(uint16_t id) {
    bytes[id_at] = static_cast<char>(id >> 8);
    bytes[id_at + 1] = static_cast<char>(id & 0xff);
  }
};
[[nodiscard]] PublishTemplate publish_template(const Options& options, unsigned number);
[[nodiscard]] std::string disconnect_packet();
// One topic filter at QoS 1.
[[nodiscard]] std::string subscribe_packet(std::string_view filter);
// QoS 0.
[[nodiscard]] std::string publish_packet(std::string_view topic, std::string_view payload);
[[nodiscard]] std::string puback_packet(uint16_t id);

// What arrives; views into the packet.
struct Publish {
  std::string_view topic;
  uint16_t id = 0;  // 0 at QoS 0
  std::string_view payload;
};
// Of a whole packet whose body begins at `body_at`.
[[nodiscard]] PacketType packet_type(std::string_view packet);
[[nodiscard]] uint16_t packet_number(std::string_view packet, size_t at);
[[nodiscard]] Publish read_publish(std::string_view packet, size_t body_at);

// The length of the whole packet at the front of `bytes`, or 0 if it is not complete.
[[nodiscard]] size_t whole_packet(std::string_view bytes, size_t& body_at);

// WebSocket (RFC 6455): the request, and one masked binary frame.
[[nodiscard]] std::string upgrade_request(const std::string& host);
[[nodiscard]] std::string masked_frame(std::string_view payload);

}  // namespace nave::bench
