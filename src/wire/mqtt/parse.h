// One whole packet, without its framing, from bytes to a Packet. Pure; allocates nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/mqtt/packets.h"

namespace nave::wire::mqtt {

enum class DecodeError : uint8_t {
  kBadLength,        // more than four bytes of remaining length
  kTooLarge,         // longer than this decoder accepts
  kBadType,          // reserved, sent by servers only, or part of the QoS 2 exchange
  kBadFlags,         // of the fixed header or of CONNECT
  kTruncated,        // a field reaches beyond the end of the packet
  kTrailingBytes,    // something follows the last field
  kBadText,          // not UTF-8, or with a NUL
  kBadTopic,         // an empty or wildcard topic name, an empty filter
  kBadQos,           // 3
  kZeroPacketId,     //
  kUnknownProtocol,  // a protocol name that is not MQTT's
  kBadFilterCount,   // no filter at all, or more than limits::kMqttFiltersPerPacketMax
};

// A short constant for logs, e.g. "bad text".
[[nodiscard]] std::string_view describe(DecodeError error);

// `first` is the first byte of the fixed header, `body` everything after the remaining length. On success `packet`
// holds views into `body`.
[[nodiscard]] Result<void, DecodeError> parse_packet(uint8_t first, ByteView body, Packet& packet);

}  // namespace nave::wire::mqtt
