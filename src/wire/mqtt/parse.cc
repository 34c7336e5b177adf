#include "wire/mqtt/parse.h"

#include <array>

#include "base/limits.h"
#include "base/url.h"
#include "wire/mqtt/reader.h"

namespace nave::wire::mqtt {
namespace {

using Outcome = Result<void, DecodeError>;

enum class Type : uint8_t {
  kConnect = 1,
  kPublish = 3,
  kPuback = 4,
  kSubscribe = 8,
  kUnsubscribe = 10,
  kPingreq = 12,
  kDisconnect = 14,
};

// Almost every string is ASCII: one pass decides that, only the others pay for the UTF-8 automaton.
bool is_text(std::string_view s) {
  uint8_t seen = 0;
  bool nul = false;
  for (const char c : s) {
    seen = static_cast<uint8_t>(seen | static_cast<uint8_t>(c));
    nul |= c == '\0';
  }
  return !nul && (seen < 0x80 || is_valid_utf8(s));
}

bool is_topic_name(std::string_view s) {
  bool wildcard = s.empty();
  for (const char c : s) wildcard |= c == '+' || c == '#';
  return !wildcard;
}

Outcome text(Reader& reader, std::string_view& out) {
  if (!reader.counted(out)) return fail(DecodeError::kTruncated);
  if (!is_text(out)) return fail(DecodeError::kBadText);
  return {};
}

Outcome topic_name(Reader& reader, std::string_view& out) {
  if (Outcome ok = text(reader, out); !ok) return ok;
  if (!is_topic_name(out)) return fail(DecodeError::kBadTopic);
  return {};
}

Outcome packet_id(Reader& reader, uint16_t& out) {
  if (!reader.u16(out)) return fail(DecodeError::kTruncated);
  if (out == 0) return fail(DecodeError::kZeroPacketId);
  return {};
}

Outcome no_more(const Reader& reader) {
  if (!reader.empty()) return fail(DecodeError::kTrailingBytes);
  return {};
}

constexpr uint8_t kCleanSession = 0x02;
constexpr uint8_t kHasWill = 0x04;
constexpr uint8_t kWillRetain = 0x20;
constexpr uint8_t kHasPassword = 0x40;
constexpr uint8_t kHasUsername = 0x80;

constexpr uint8_t will_qos(uint8_t flags) {
  return (flags >> 3) & 3;
}

Outcome check_connect_flags(uint8_t flags) {
  const bool has_will = (flags & kHasWill) != 0;
  if ((flags & 0x01) != 0) return fail(DecodeError::kBadFlags);
  if (!has_will && (will_qos(flags) != 0 || (flags & kWillRetain) != 0)) return fail(DecodeError::kBadFlags);
  if ((flags & kHasUsername) == 0 && (flags & kHasPassword) != 0) return fail(DecodeError::kBadFlags);
  if (will_qos(flags) == 3) return fail(DecodeError::kBadQos);
  return {};
}

Outcome parse_will(Reader& reader, uint8_t flags, Connect& connect) {
  Will& will = connect.will.emplace();
  if (Outcome ok = topic_name(reader, will.topic); !ok) return ok;
  if (!reader.counted(will.payload)) return fail(DecodeError::kTruncated);
  will.qos = static_cast<Qos>(will_qos(flags));
  will.retain = (flags & kWillRetain) != 0;
  return {};
}

// The payload of CONNECT: the fields that the flags announce, in the one order there is.
Outcome parse_credentials(Reader& reader, uint8_t flags, Connect& connect) {
  if (Outcome ok = text(reader, connect.client_id); !ok) return ok;
  if ((flags & kHasWill) != 0) {
    if (Outcome ok = parse_will(reader, flags, connect); !ok) return ok;
  }
  if ((flags & kHasUsername) != 0) {
    if (Outcome ok = text(reader, connect.username.emplace()); !ok) return ok;
  }
  if ((flags & kHasPassword) != 0 && !reader.counted(connect.password.emplace())) return fail(DecodeError::kTruncated);
  return no_more(reader);
}

Outcome parse_connect(ByteView body, Packet& packet) {
  Reader reader(body);
  std::string_view protocol;
  uint8_t level = 0;
  if (Outcome ok = text(reader, protocol); !ok) return ok;
  if (!reader.u8(level)) return fail(DecodeError::kTruncated);
  if (protocol == "MQIsdp" || (protocol == "MQTT" && level != 4)) {
    packet.emplace<UnsupportedProtocol>();
    return {};
  }
  if (protocol != "MQTT") return fail(DecodeError::kUnknownProtocol);

  auto& connect = packet.emplace<Connect>();
  uint8_t flags = 0;
  if (!reader.u8(flags) || !reader.u16(connect.keep_alive_s)) return fail(DecodeError::kTruncated);
  if (Outcome ok = check_connect_flags(flags); !ok) return ok;
  connect.clean_session = (flags & kCleanSession) != 0;
  return parse_credentials(reader, flags, connect);
}

Outcome parse_publish(uint8_t flags, ByteView body, Packet& packet) {
  const auto qos = static_cast<uint8_t>((flags >> 1) & 3);
  if (qos == 3) return fail(DecodeError::kBadQos);
  const bool duplicate = (flags & 8) != 0;
  if (duplicate && qos == 0) return fail(DecodeError::kBadFlags);

  Reader reader(body);
  auto& publish = packet.emplace<Publish>();
  if (Outcome ok = topic_name(reader, publish.topic); !ok) return ok;
  if (qos != 0) {
    if (Outcome ok = packet_id(reader, publish.packet_id); !ok) return ok;
  }
  publish.payload = reader.rest();
  publish.qos = static_cast<Qos>(qos);
  publish.duplicate = duplicate;
  publish.retain = (flags & 1) != 0;
  return {};
}

Outcome parse_puback(ByteView body, Packet& packet) {
  Reader reader(body);
  if (Outcome ok = packet_id(reader, packet.emplace<Puback>().packet_id); !ok) return ok;
  return no_more(reader);
}

Outcome check_filters(ByteView list, bool with_qos) {
  Reader reader(list);
  size_t count = 0;
  do {
    if (count++ == limits::kMqttFiltersPerPacketMax) return fail(DecodeError::kBadFilterCount);
    std::string_view filter;
    if (Outcome ok = text(reader, filter); !ok) return ok;
    if (filter.empty()) return fail(DecodeError::kBadTopic);
    uint8_t qos = 0;
    if (with_qos && !reader.u8(qos)) return fail(DecodeError::kTruncated);
    if (qos > 2) return fail(DecodeError::kBadQos);
  } while (!reader.empty());
  return {};
}

template <class P>
Outcome parse_filters(ByteView body, bool with_qos, Packet& packet) {
  Reader reader(body);
  P& p = packet.emplace<P>();
  if (Outcome ok = packet_id(reader, p.packet_id); !ok) return ok;
  if (reader.empty()) return fail(DecodeError::kBadFilterCount);
  if (Outcome ok = check_filters(reader.rest(), with_qos); !ok) return ok;
  p.filters = FilterList(reader.rest(), with_qos);
  return {};
}

template <class P>
Outcome parse_bare(ByteView body, Packet& packet) {
  packet.emplace<P>();
  return no_more(Reader(body));
}

}  // namespace

Outcome parse_packet(uint8_t first, ByteView body, Packet& packet) {
  const auto type = static_cast<Type>(first >> 4);
  const auto flags = static_cast<uint8_t>(first & 0x0f);
  if (type == Type::kPublish) return parse_publish(flags, body, packet);
  const bool has_flag_2 = type == Type::kSubscribe || type == Type::kUnsubscribe;
  const bool flags_ok = flags == (has_flag_2 ? 2 : 0);
  switch (type) {
    case Type::kConnect:
      return flags_ok ? parse_connect(body, packet) : fail(DecodeError::kBadFlags);
    case Type::kPuback:
      return flags_ok ? parse_puback(body, packet) : fail(DecodeError::kBadFlags);
    case Type::kSubscribe:
      return flags_ok ? parse_filters<Subscribe>(body, true, packet) : fail(DecodeError::kBadFlags);
    case Type::kUnsubscribe:
      return flags_ok ? parse_filters<Unsubscribe>(body, false, packet) : fail(DecodeError::kBadFlags);
    case Type::kPingreq:
      return flags_ok ? parse_bare<Pingreq>(body, packet) : fail(DecodeError::kBadFlags);
    case Type::kDisconnect:
      return flags_ok ? parse_bare<Disconnect>(body, packet) : fail(DecodeError::kBadFlags);
    case Type::kPublish:
      break;
  }
  return fail(DecodeError::kBadType);
}

std::string_view describe(DecodeError error) {
  static constexpr std::array<std::string_view, 12> kTexts = {"bad remaining length",
                                                              "packet too large",
                                                              "unexpected packet type",
                                                              "bad flags",
                                                              "truncated packet",
                                                              "trailing bytes",
                                                              "bad text",
                                                              "bad topic name",
                                                              "bad QoS",
                                                              "packet id zero",
                                                              "unknown protocol name",
                                                              "bad number of filters"};
  return kTexts[static_cast<size_t>(error)];
}

}  // namespace nave::wire::mqtt
