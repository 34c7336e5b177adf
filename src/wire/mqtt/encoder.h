// The packets that a server sends, appended to a string. What clients insist on is reference/device-mqtt-https.md
// §2.14.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/mqtt/packets.h"

namespace nave::wire::mqtt {

enum class ConnectCode : uint8_t {
  kAccepted = 0,
  kUnacceptableProtocol = 1,
  kServerUnavailable = 3,
  kNotAuthorized = 5,
};

// `session_present` is sent with kAccepted only, as the protocol demands.
void append_connack(std::string& out, ConnectCode code, bool session_present);
void append_puback(std::string& out, uint16_t packet_id);
// One granted QoS per requested filter, in the order of the request.
void append_suback(std::string& out, uint16_t packet_id, std::span<const Qos> granted);
void append_unsuback(std::string& out, uint16_t packet_id);
void append_pingresp(std::string& out);

// RETAIN is never set. `packet_id` and `publish.duplicate` count with QoS 1 only; QoS 2 is never sent. False, and
// nothing appended, if the topic is longer than 65,535 bytes or the packet longer than the protocol can express.
[[nodiscard]] bool append_publish(std::string& out, const Publish& publish);

}  // namespace nave::wire::mqtt
