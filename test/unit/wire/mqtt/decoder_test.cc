#include "wire/mqtt/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "unit/wire/mqtt/client_packets.h"

namespace nave::wire::mqtt {
namespace {

using namespace nave::test;
using Status = Decoder::Status;

// What a packet says, in one line, so that sequences compare easily.
std::string text(const Packet& packet) {
  struct Visitor {
    std::string operator()(const Publish& p) const {
      return "PUBLISH " + std::string(p.topic) + " " + std::string(p.payload) + " q" +
             std::to_string(static_cast<int>(p.qos)) + " id" + std::to_string(p.packet_id) +
             (p.duplicate ? " dup" : "") + (p.retain ? " retain" : "");
    }
    std::string operator()(const Puback& p) const { return "PUBACK " + std::to_string(p.packet_id); }
    std::string operator()(const Pingreq&) const { return "PINGREQ"; }
    std::string operator()(Subscribe p) const { return "SUBSCRIBE " + std::to_string(p.packet_id) + list(p.filters); }
    std::string operator()(Unsubscribe p) const {
      return "UNSUBSCRIBE " + std::to_string(p.packet_id) + list(p.filters);
    }
    std::string operator()(const Connect& p) const { return "CONNECT " + std::string(p.client_id); }
    std::string operator()(const UnsupportedProtocol&) const { return "UNSUPPORTED"; }
    std::string operator()(const Disconnect&) const { return "DISCONNECT"; }
    static std::string list(FilterList filters) {
      std::string out;
      for (FilterRequest r; filters.next(r);) {
        out += " " + std::string(r.filter) + ":" + std::to_string(static_cast<int>(r.qos));
      }
      return out;
    }
  };
  return std::visit(Visitor{}, packet);
}

void pull(Decoder& decoder, std::vector<std::string>& out) {
  Packet packet;
  while (true) {
    switch (decoder.next(packet)) {
      case Status::kPacket:
        out.push_back(text(packet));
        break;
      case Status::kNeedMore:
        return;
      case Status::kError:
        out.push_back("ERROR " + std::string(describe(decoder.error())));
        return;
    }
  }
}

std::vector<std::string> decode(ByteView bytes, size_t packet_bytes_max = limits::kMqttPacketBytesMax) {
  Decoder decoder(packet_bytes_max);
  decoder.feed(bytes);
  std::vector<std::string> out;
  pull(decoder, out);
  return out;
}

std::vector<std::string> error(std::string_view what) {
  return {"ERROR " + std::string(what)};
}

const std::string kConversation =
    connect_packet({.username = "h/dev-1/?api-version=2021-04-12", .password = "secret"}) +
    subscribe_packet(1, {{"a/#", 1}, {"$iothub/methods/POST/#", 0}}) +
    publish_packet("devices/dev-1/messages/events/", std::string(200, 'x'), 1, 2) + pingreq_packet() +
    publish_packet("t", "", 0) + unsubscribe_packet(3, {"a/#", "b"}) + puback_packet(9) + disconnect_packet();

const std::vector<std::string> kConversationTexts = {
    "CONNECT dev-1",
    "SUBSCRIBE 1 a/#:1 $iothub/methods/POST/#:0",
    "PUBLISH devices/dev-1/messages/events/ " + std::string(200, 'x') + " q1 id2",
    "PINGREQ",
    "PUBLISH t  q0 id0",
    "UNSUBSCRIBE 3 a/#:0 b:0",
    "PUBACK 9",
    "DISCONNECT"};

TEST(MqttDecoder, AConversationInOnePiece) {
  EXPECT_EQ(decode(kConversation), kConversationTexts);
}

TEST(MqttDecoder, EverySplitPointGivesTheSamePackets) {
  for (size_t at = 0; at <= kConversation.size(); ++at) {
    Decoder decoder(limits::kMqttPacketBytesMax);
    std::vector<std::string> out;
    // Separate allocations, so that reaching beyond a piece is seen by the sanitizer.
    const std::string head = kConversation.substr(0, at);
    const std::string tail = kConversation.substr(at);
    decoder.feed(head);
    pull(decoder, out);
    decoder.feed(tail);
    pull(decoder, out);
    EXPECT_EQ(out, kConversationTexts) << "split at " << at;
    EXPECT_EQ(decoder.kept_bytes(), 0U);
  }
}

TEST(MqttDecoder, ByteByByteGivesTheSamePackets) {
  Decoder decoder(limits::kMqttPacketBytesMax);
  std::vector<std::string> out;
  for (const char c : kConversation) {
    const std::string one(1, c);
    decoder.feed(one);
    pull(decoder, out);
  }
  EXPECT_EQ(out, kConversationTexts);
}

TEST(MqttDecoder, AWholePacketIsNotCopied) {
  const std::string bytes = publish_packet("topic", "payload", 1, 5);
  Decoder decoder(limits::kMqttPacketBytesMax);
  decoder.feed(bytes);
  Packet packet;
  ASSERT_EQ(decoder.next(packet), Status::kPacket);
  const auto& publish = std::get<Publish>(packet);
  EXPECT_EQ(publish.payload.data(), bytes.data() + bytes.size() - 7);
  EXPECT_EQ(publish.topic.data(), bytes.data() + 4);
}

TEST(MqttDecoder, OnlyASplitPacketIsCopiedAndWhatFollowsItIsNot) {
  const std::string first = publish_packet("t", "split", 1, 5);
  const std::string second = publish_packet("t", "whole", 1, 6);
  const std::string rest = first.substr(4) + second;
  Decoder decoder(limits::kMqttPacketBytesMax);
  Packet packet;
  decoder.feed(ByteView(first).substr(0, 4));
  ASSERT_EQ(decoder.next(packet), Status::kNeedMore);
  EXPECT_EQ(decoder.kept_bytes(), 4U);
  decoder.feed(rest);
  ASSERT_EQ(decoder.next(packet), Status::kPacket);
  EXPECT_EQ(std::get<Publish>(packet).payload, "split");
  ASSERT_EQ(decoder.next(packet), Status::kPacket);
  EXPECT_EQ(std::get<Publish>(packet).payload.data(), rest.data() + rest.size() - 5);
}

TEST(MqttDecoder, KeepRestHoldsWhatWasNotReturned) {
  std::string bytes = pingreq_packet() + publish_packet("t", "later", 0) + disconnect_packet();
  Decoder decoder(limits::kMqttPacketBytesMax);
  Packet packet;
  decoder.feed(bytes);
  ASSERT_EQ(decoder.next(packet), Status::kPacket);
  decoder.keep_rest();
  bytes.assign(bytes.size(), '\xff');
  const std::string more = pingreq_packet();
  decoder.feed(more);
  decoder.keep_rest();
  std::vector<std::string> out;
  pull(decoder, out);
  EXPECT_EQ(out, (std::vector<std::string>{"PUBLISH t later q0 id0", "DISCONNECT", "PINGREQ"}));
  EXPECT_EQ(decoder.kept_bytes(), 0U);
}

TEST(MqttDecoder, ConnectFields) {
  const std::string bytes = connect_packet({.client_id = "d/m",
                                            .username = "user",
                                            .password = std::string("p\0w", 3),
                                            .clean = true,
                                            .keep_alive_s = 65535,
                                            .will_topic = "w/t",
                                            .will_payload = "bye",
                                            .will_qos = 1,
                                            .will_retain = true});
  Decoder decoder(limits::kMqttConnectBytesMax);
  decoder.feed(bytes);
  Packet packet;
  ASSERT_EQ(decoder.next(packet), Status::kPacket);
  const auto& c = std::get<Connect>(packet);
  EXPECT_EQ(c.client_id, "d/m");
  EXPECT_EQ(c.username, "user");
  EXPECT_EQ(c.password, ByteView("p\0w", 3));
  EXPECT_TRUE(c.clean_session);
  EXPECT_EQ(c.keep_alive_s, 65535);
  ASSERT_TRUE(c.will);
  EXPECT_EQ(c.will->topic, "w/t");
  EXPECT_EQ(c.will->payload, "bye");
  EXPECT_EQ(c.will->qos, Qos::kAtLeastOnce);
  EXPECT_TRUE(c.will->retain);
}

TEST(MqttDecoder, ConnectWithoutUserAndEmptyClientIdIsWellFormed) {
  Decoder decoder(limits::kMqttConnectBytesMax);
  const std::string bytes = connect_packet({.client_id = "", .keep_alive_s = 0});
  decoder.feed(bytes);
  Packet packet;
  ASSERT_EQ(decoder.next(packet), Status::kPacket);
  const auto& c = std::get<Connect>(packet);
  EXPECT_FALSE(c.username || c.password || c.will || c.clean_session);
}

TEST(MqttDecoder, OtherVersionsAreRecognisedWithoutReadingOn) {
  EXPECT_EQ(decode(connect_packet({.protocol = "MQIsdp", .level = 3})), std::vector<std::string>{"UNSUPPORTED"});
  EXPECT_EQ(decode(connect_packet({.level = 5})), std::vector<std::string>{"UNSUPPORTED"});
  EXPECT_EQ(decode(connect_packet({.level = 0x84})), std::vector<std::string>{"UNSUPPORTED"});
  // Version 5 has a property length where 3.1.1 has the client id.
  EXPECT_EQ(decode(mqtt_packet(0x10, mqtt_string("MQTT") + "\x05\x02" + mqtt_u16(60) + "\x05")),
            std::vector<std::string>{"UNSUPPORTED"});
  EXPECT_EQ(decode(connect_packet({.protocol = "HTTP"})), error("unknown protocol name"));
}

TEST(MqttDecoder, ConnectFlagsThatContradictThemselves) {
  EXPECT_EQ(decode(connect_packet({.more_flags = 0x01})), error("bad flags"));
  EXPECT_EQ(decode(connect_packet({.more_flags = 0x08})), error("bad flags")) << "will QoS without a will";
  EXPECT_EQ(decode(connect_packet({.more_flags = 0x20})), error("bad flags")) << "will retain without a will";
  EXPECT_EQ(decode(connect_packet({.password = "p"})), error("bad flags")) << "password without a user name";
  EXPECT_EQ(decode(connect_packet({.will_topic = "t", .will_qos = 3})), error("bad QoS"));
}

TEST(MqttDecoder, ConnectFieldsMustFillThePacketExactly) {
  std::string body = connect_packet({.username = "user"}).substr(2);
  EXPECT_EQ(decode(mqtt_packet(0x10, body + "x")), error("trailing bytes"));
  for (size_t n = 0; n < body.size(); ++n) {
    EXPECT_EQ(decode(mqtt_packet(0x10, body.substr(0, n))), error("truncated packet")) << n;
  }
}

TEST(MqttDecoder, TextMustBeUtf8WithoutNul) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(decode(connect_packet({.client_id = nul})), error("bad text"));
  EXPECT_EQ(decode(connect_packet({.username = "\xff"})), error("bad text"));
  EXPECT_EQ(decode(connect_packet({.will_topic = "\xc0\x80"})), error("bad text"));
  EXPECT_EQ(decode(publish_packet(nul, "")), error("bad text"));
  EXPECT_EQ(decode(publish_packet("\xed\xa0\x80", "")), error("bad text")) << "a surrogate";
  EXPECT_EQ(decode(publish_packet("\xc3", "")), error("bad text")) << "cut short";
  EXPECT_EQ(decode(subscribe_packet(1, {{nul, 0}})), error("bad text"));
  EXPECT_EQ(decode(publish_packet("t\xc3\xa9", nul)),
            (std::vector<std::string>{"PUBLISH t\xc3\xa9 " + nul + " q0 id0"}));
}

TEST(MqttDecoder, PublishTopicNames) {
  EXPECT_EQ(decode(publish_packet("", "")), error("bad topic name"));
  EXPECT_EQ(decode(publish_packet("a/#", "")), error("bad topic name"));
  EXPECT_EQ(decode(publish_packet("a/+/b", "")), error("bad topic name"));
  EXPECT_EQ(decode(connect_packet({.will_topic = "a/#"})), error("bad topic name"));
  const std::string longest(65'535, 't');
  EXPECT_EQ(decode(publish_packet(longest, "")), (std::vector<std::string>{"PUBLISH " + longest + "  q0 id0"}));
}

TEST(MqttDecoder, PublishFlags) {
  EXPECT_EQ(decode(publish_packet("t", "", 1, 7, true, true)),
            std::vector<std::string>{"PUBLISH t  q1 id7 dup retain"});
  EXPECT_EQ(decode(publish_packet("t", "", 2, 7)), std::vector<std::string>{"PUBLISH t  q2 id7"});
  EXPECT_EQ(decode(publish_packet("t", "", 3, 7)), error("bad QoS"));
  EXPECT_EQ(decode(publish_packet("t", "", 0, 0, false, true)), error("bad flags")) << "DUP needs QoS 1";
}

TEST(MqttDecoder, PacketIdsAreNotZero) {
  EXPECT_EQ(decode(publish_packet("t", "", 1, 0)), error("packet id zero"));
  EXPECT_EQ(decode(subscribe_packet(0, {{"t", 0}})), error("packet id zero"));
  EXPECT_EQ(decode(unsubscribe_packet(0, {"t"})), error("packet id zero"));
  EXPECT_EQ(decode(puback_packet(0)), error("packet id zero"));
  EXPECT_EQ(decode(puback_packet(65535)), std::vector<std::string>{"PUBACK 65535"});
}

TEST(MqttDecoder, FilterLists) {
  EXPECT_EQ(decode(subscribe_packet(1, {})), error("bad number of filters"));
  EXPECT_EQ(decode(unsubscribe_packet(1, {})), error("bad number of filters"));
  EXPECT_EQ(decode(subscribe_packet(1, {{"", 0}})), error("bad topic name"));
  EXPECT_EQ(decode(subscribe_packet(1, {{"t", 3}})), error("bad QoS"));
  EXPECT_EQ(decode(mqtt_packet(0x82, mqtt_u16(1) + mqtt_string("t"))), error("truncated packet")) << "no QoS byte";
  EXPECT_EQ(decode(mqtt_packet(0xa2, mqtt_u16(1) + mqtt_string("t") + "x")), error("truncated packet"));

  std::vector<std::pair<std::string, uint8_t>> filters(limits::kMqttFiltersPerPacketMax, {"t", 1});
  EXPECT_EQ(decode(subscribe_packet(1, filters)).front().substr(0, 11), "SUBSCRIBE 1");
  filters.emplace_back("t", 1);
  EXPECT_EQ(decode(subscribe_packet(1, filters)), error("bad number of filters"));
}

TEST(MqttDecoder, TypesThatClientsDoNotSend) {
  // Reserved, from servers, and the QoS 2 exchange.
  for (const int type : {0, 2, 5, 6, 7, 9, 11, 13, 15}) {
    EXPECT_EQ(decode(mqtt_packet(static_cast<uint8_t>(type << 4), mqtt_u16(1))), error("unexpected packet type"))
        << type;
  }
}

TEST(MqttDecoder, FixedHeaderFlagsAreExact) {
  EXPECT_EQ(decode(mqtt_packet(0x11, "")), error("bad flags"));
  EXPECT_EQ(decode(mqtt_packet(0x42, mqtt_u16(1))), error("bad flags"));
  EXPECT_EQ(decode(mqtt_packet(0x80, mqtt_u16(1) + mqtt_string("t") + '\0')), error("bad flags"));
  EXPECT_EQ(decode(mqtt_packet(0xa0, mqtt_u16(1) + mqtt_string("t"))), error("bad flags"));
  EXPECT_EQ(decode(mqtt_packet(0xc1, "")), error("bad flags"));
  EXPECT_EQ(decode(mqtt_packet(0xe8, "")), error("bad flags"));
}

TEST(MqttDecoder, EmptyPacketsAreEmpty) {
  EXPECT_EQ(decode(mqtt_packet(0xc0, "x")), error("trailing bytes"));
  EXPECT_EQ(decode(mqtt_packet(0xe0, "x")), error("trailing bytes"));
  EXPECT_EQ(decode(mqtt_packet(0x40, mqtt_u16(1) + "x")), error("trailing bytes"));
}

TEST(MqttDecoder, RemainingLengthHasAtMostFourBytes) {
  EXPECT_EQ(decode("\x30\xff\xff\xff\xff"), error("bad remaining length"));
  EXPECT_EQ(decode("\x30\x80\x80\x80\x80"), error("bad remaining length"));
  EXPECT_EQ(decode("\x30\xff\xff\xff\x7f"), error("packet too large"));
  EXPECT_EQ(decode(ByteView("\xc0\x80\x80\x00", 4)), std::vector<std::string>{"PINGREQ"}) << "not minimal, yet legal";
}

TEST(MqttDecoder, SizeLimitCountsTheWholePacketAndIsSeenInTheHeader) {
  const std::string bytes = publish_packet("t", std::string(1000, 'x'));
  EXPECT_EQ(decode(bytes, bytes.size()).size(), 1U);
  EXPECT_EQ(decode(bytes, bytes.size() - 1), error("packet too large"));
  EXPECT_EQ(decode(ByteView(bytes).substr(0, 3), bytes.size() - 1), error("packet too large"));
}

TEST(MqttDecoder, TheLimitCanGrowBetweenPackets) {
  const std::string big = publish_packet("t", std::string(1000, 'x'));
  const std::string bytes = pingreq_packet() + big;
  Decoder decoder(100);
  decoder.feed(bytes);
  Packet packet;
  ASSERT_EQ(decoder.next(packet), Status::kPacket);
  decoder.set_packet_bytes_max(big.size());
  EXPECT_EQ(decoder.next(packet), Status::kPacket);
}

TEST(MqttDecoder, AnErrorIsForEver) {
  Decoder decoder(limits::kMqttPacketBytesMax);
  Packet packet;
  const std::string bad = mqtt_packet(0x00, "");
  const std::string good = pingreq_packet();
  decoder.feed(bad);
  ASSERT_EQ(decoder.next(packet), Status::kError);
  decoder.feed(good);
  EXPECT_EQ(decoder.next(packet), Status::kError);
  EXPECT_EQ(decoder.error(), DecodeError::kBadType);
}

TEST(MqttDecoder, AnAnnouncedLengthAloneTakesNoMemory) {
  Decoder decoder(limits::kMqttPacketBytesMax);
  Packet packet;
  const std::string head = publish_packet("t", std::string(200'000, 'x')).substr(0, 10);
  decoder.feed(head);
  ASSERT_EQ(decoder.next(packet), Status::kNeedMore);
  EXPECT_EQ(decoder.kept_bytes(), 10U);
}

}  // namespace
}  // namespace nave::wire::mqtt
