#include "wire/mqtt/encoder.h"

#include <gtest/gtest.h>

#include <array>

namespace nave::wire::mqtt {
namespace {

// The bytes are written out from the standard's packet layouts, not made by our own code.
template <size_t N>
std::string bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

TEST(MqttEncoder, Connack) {
  std::string out;
  append_connack(out, ConnectCode::kAccepted, true);
  append_connack(out, ConnectCode::kAccepted, false);
  EXPECT_EQ(out, bytes("\x20\x02\x01\x00\x20\x02\x00\x00"));
}

TEST(MqttEncoder, RefusingConnackNeverSaysSessionPresent) {
  std::string out;
  append_connack(out, ConnectCode::kUnacceptableProtocol, true);
  append_connack(out, ConnectCode::kServerUnavailable, true);
  append_connack(out, ConnectCode::kNotAuthorized, true);
  EXPECT_EQ(out, bytes("\x20\x02\x00\x01\x20\x02\x00\x03\x20\x02\x00\x05"));
}

TEST(MqttEncoder, Acknowledgements) {
  std::string out;
  append_puback(out, 1);
  append_puback(out, 0xfffe);
  append_unsuback(out, 0x0102);
  EXPECT_EQ(out, bytes("\x40\x02\x00\x01\x40\x02\xff\xfe\xb0\x02\x01\x02"));
}

TEST(MqttEncoder, SubackListsOneCodePerFilterInOrder) {
  std::string out;
  const std::array<Qos, 3> granted = {Qos::kAtLeastOnce, Qos::kAtMostOnce, Qos::kAtLeastOnce};
  append_suback(out, 10, granted);
  EXPECT_EQ(out, bytes("\x90\x05\x00\x0a\x01\x00\x01"));
}

TEST(MqttEncoder, Pingresp) {
  std::string out;
  append_pingresp(out);
  EXPECT_EQ(out, bytes("\xd0\x00"));
}

TEST(MqttEncoder, PublishQos0HasNoFlagsAndNoPacketId) {
  std::string out;
  ASSERT_TRUE(append_publish(out, {.topic = "a/b", .payload = "hi", .packet_id = 7, .duplicate = true}));
  EXPECT_EQ(out, bytes("\x30\x07\x00\x03"
                       "a/bhi"));
}

TEST(MqttEncoder, PublishQos1) {
  std::string out;
  ASSERT_TRUE(append_publish(out, {.topic = "a/b", .payload = "hi", .packet_id = 7, .qos = Qos::kAtLeastOnce}));
  ASSERT_TRUE(append_publish(
      out, {.topic = "a", .payload = "", .packet_id = 0x1234, .qos = Qos::kAtLeastOnce, .duplicate = true}));
  EXPECT_EQ(out, bytes("\x32\x09\x00\x03"
                       "a/b\x00\x07hi"
                       "\x3a\x05\x00\x01"
                       "a\x12\x34"));
}

TEST(MqttEncoder, PublishNeverSetsRetain) {
  std::string out;
  ASSERT_TRUE(
      append_publish(out, {.topic = "a", .payload = "", .packet_id = 1, .qos = Qos::kAtLeastOnce, .retain = true}));
  EXPECT_EQ(out[0], 0x32);
}

TEST(MqttEncoder, RemainingLengthOnTheEdgesOfItsBytes) {
  for (const auto& [remaining, header] : {std::pair<size_t, std::string>{127, bytes("\x30\x7f")},
                                          {128, bytes("\x30\x80\x01")},
                                          {16383, bytes("\x30\xff\x7f")},
                                          {16384, bytes("\x30\x80\x80\x01")}}) {
    std::string out;
    const std::string payload(remaining - 3, 'x');
    ASSERT_TRUE(append_publish(out, {.topic = "t", .payload = payload}));
    EXPECT_EQ(out.substr(0, header.size()), header);
    EXPECT_EQ(out.size(), header.size() + remaining);
  }
}

TEST(MqttEncoder, PublishRefusesATopicThatDoesNotFit) {
  std::string out;
  const std::string longest(65'535, 't');
  EXPECT_TRUE(append_publish(out, {.topic = longest, .payload = ""}));
  out.clear();
  const std::string too_long(65'536, 't');
  EXPECT_FALSE(append_publish(out, {.topic = too_long, .payload = ""}));
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace nave::wire::mqtt
