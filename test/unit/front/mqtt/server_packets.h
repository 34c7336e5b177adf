// What the hub sent, taken apart.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace nave::test {

struct ServerPacket {
  uint8_t first = 0;
  std::string body;  // behind the remaining length
};

// Takes the first packet off `bytes`.
inline ServerPacket take_packet(std::string& bytes) {
  size_t length = 0;
  size_t at = 1;
  for (size_t shift = 0;; shift += 7) {
    const uint8_t digit = byte_at(bytes, at++);
    length |= static_cast<size_t>(digit & 0x7f) << shift;
    if (digit < 0x80) break;
  }
  if (bytes.size() < at + length) throw std::runtime_error("half a packet");
  ServerPacket out{byte_at(bytes, 0), bytes.substr(at, length)};
  bytes.erase(0, at + length);
  return out;
}

struct ServerPublish {
  std::string topic;
  std::string payload;
  unsigned qos = 0;
  bool duplicate = false;
  bool retain = false;
  uint16_t id = 0;
};

inline ServerPublish as_publish(const ServerPacket& packet) {
  ServerPublish out;
  out.qos = (packet.first >> 1) & 3;
  out.duplicate = (packet.first & 8) != 0;
  out.retain = (packet.first & 1) != 0;
  size_t at = 2 + load_be<uint16_t>(packet.body.data());
  out.topic = packet.body.substr(2, at - 2);
  if (out.qos > 0) {
    out.id = load_be<uint16_t>(packet.body.data() + at);
    at += 2;
  }
  out.payload = packet.body.substr(at);
  return out;
}

// The PUBLISHes among what was sent; other packets are passed over.
inline std::vector<ServerPublish> publishes_in(std::string bytes) {
  std::vector<ServerPublish> out;
  while (!bytes.empty()) {
    const ServerPacket packet = take_packet(bytes);
    if ((packet.first & 0xf0) == 0x30) out.push_back(as_publish(packet));
  }
  return out;
}

}  // namespace nave::test
