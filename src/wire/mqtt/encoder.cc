#include "wire/mqtt/encoder.h"

namespace nave::wire::mqtt {
namespace {

constexpr size_t kRemainingLengthMax = 268'435'455;
constexpr size_t kTopicBytesMax = 65'535;

void append_remaining_length(std::string& out, size_t n) {
  do {
    const auto low = static_cast<uint8_t>(n & 0x7f);
    n >>= 7;
    out += static_cast<char>(n > 0 ? low | 0x80 : low);
  } while (n > 0);
}

// PUBACK and UNSUBACK.
void append_acknowledgement(std::string& out, uint8_t first, uint16_t packet_id) {
  const char bytes[4] = {static_cast<char>(first), 2, static_cast<char>(packet_id >> 8),
                         static_cast<char>(packet_id & 0xff)};
  out.append(bytes, sizeof bytes);
}

}  // namespace

void append_connack(std::string& out, ConnectCode code, bool session_present) {
  const bool present = code == ConnectCode::kAccepted && session_present;
  const char bytes[4] = {0x20, 2, static_cast<char>(present ? 1 : 0), static_cast<char>(code)};
  out.append(bytes, sizeof bytes);
}

void append_puback(std::string& out, uint16_t packet_id) {
  append_acknowledgement(out, 0x40, packet_id);
}

void append_suback(std::string& out, uint16_t packet_id, std::span<const Qos> granted) {
  out += static_cast<char>(0x90);
  append_remaining_length(out, 2 + granted.size());
  append_be(out, packet_id);
  for (const Qos qos : granted) out += static_cast<char>(qos);
}

void append_unsuback(std::string& out, uint16_t packet_id) {
  append_acknowledgement(out, 0xb0, packet_id);
}

void append_pingresp(std::string& out) {
  out.append("\xd0\x00", 2);
}

bool append_publish(std::string& out, const Publish& publish) {
  const bool acknowledged = publish.qos != Qos::kAtMostOnce;
  const size_t remaining = 2 + publish.topic.size() + (acknowledged ? 2U : 0U) + publish.payload.size();
  if (publish.topic.size() > kTopicBytesMax || remaining > kRemainingLengthMax) return false;
  // C reads any flags nibble without the QoS 1 bit as QoS 2: DUP never goes out alone.
  const int flags = acknowledged ? (publish.duplicate ? 0x0a : 0x02) : 0;
  out += static_cast<char>(0x30 | flags);
  append_remaining_length(out, remaining);
  append_be(out, static_cast<uint16_t>(publish.topic.size()));
  out.append(publish.topic);
  if (acknowledged) append_be(out, publish.packet_id);
  out.append(publish.payload);
  return true;
}

}  // namespace nave::wire::mqtt
