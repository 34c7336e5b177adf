// MQTT 3.1.1 control packets that a client sends, as views into the bytes they were decoded from. A packet exists only
// in a form the protocol allows: the decoder refuses the rest (MQTT 3.1.1, OASIS standard, chapters 2 and 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/bytes.h"

namespace nave::wire::mqtt {

enum class Qos : uint8_t { kAtMostOnce = 0, kAtLeastOnce = 1, kExactlyOnce = 2 };

struct Will {
  std::string_view topic;  // neither empty nor with a wildcard
  ByteView payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
};

struct Connect {
  std::string_view client_id;
  std::optional<std::string_view> username;
  std::optional<ByteView> password;
  std::optional<Will> will;
  uint16_t keep_alive_s = 0;
  bool clean_session = false;
};

// A CONNECT of MQTT 3.1 or 5. Its rest is laid out differently and was not looked at; the answer is CONNACK 1.
struct UnsupportedProtocol {};

struct Publish {
  std::string_view topic;  // neither empty nor with a wildcard
  ByteView payload;
  uint16_t packet_id = 0;  // 0 with QoS 0 only
  Qos qos = Qos::kAtMostOnce;
  bool duplicate = false;
  bool retain = false;
};

struct Puback {
  uint16_t packet_id = 0;
};

struct FilterRequest {
  std::string_view filter;
  Qos qos = Qos::kAtMostOnce;  // of SUBSCRIBE; UNSUBSCRIBE has none
};

// The non-empty list of a SUBSCRIBE or UNSUBSCRIBE, already validated; walked with next().
class FilterList {
 public:
  FilterList() = default;
  FilterList(ByteView validated, bool with_qos) : rest_(validated), with_qos_(with_qos) {}
  // False at the end.
  [[nodiscard]] bool next(FilterRequest& out);

 private:
  ByteView rest_;
  bool with_qos_ = false;
};

struct Subscribe {
  uint16_t packet_id = 0;
  FilterList filters;  // at most limits::kMqttFiltersPerPacketMax
};

struct Unsubscribe {
  uint16_t packet_id = 0;
  FilterList filters;  // at most limits::kMqttFiltersPerPacketMax
};

struct Pingreq {};
struct Disconnect {};

using Packet = std::variant<Publish, Puback, Pingreq, Subscribe, Unsubscribe, Connect, UnsupportedProtocol, Disconnect>;

}  // namespace nave::wire::mqtt
