// The topic of a cloud-to-device message against what the parsers of the SDKs accept (reference/device-mqtt-https.md
// §4.1–4.3).
#include "front/mqtt/c2d_topic.h"

#include <gtest/gtest.h>

#include "front/mqtt/property_bag.h"

namespace nave::front::mqtt {
namespace {

using hub::EventView;
using hub::SystemProperty;

const IdentityKey kDevice{"X", ""};
const std::string kPrefix = "devices/X/messages/devicebound/";
const std::string kTo = "%24.to=%2Fdevices%2FX%2Fmessages%2Fdevicebound";

std::string topic_of(const EventView& message) {
  std::string out;
  append_c2d_topic(out, kDevice, message);
  return out;
}

EventView with_to() {
  EventView out;
  out.system = {{SystemProperty::kTo, "/devices/X/messages/devicebound"}};
  return out;
}

EventView with(std::string_view name, std::optional<std::string_view> value) {
  EventView out = with_to();
  out.application = {{name, value}};
  return out;
}

TEST(C2dTopic, AsRecordedFromTheRealHub) {
  EventView one = with_to();
  one.system.push_back({SystemProperty::kMessageId, "m"});
  one.application = {{"key1", "value1"}};
  EXPECT_EQ(topic_of(one), kPrefix + "%24.mid=m&" + kTo + "&key1=value1");

  EventView two;
  two.system = {{SystemProperty::kContentEncoding, "utf-8"},
                {SystemProperty::kContentType, "text/plain; charset=UTF-8"},
                {SystemProperty::kTo, "/devices/X/messages/deviceBound"}};
  two.application = {{"bbb", "bbbb"}};
  EXPECT_EQ(topic_of(two), kPrefix +
                               "%24.to=%2Fdevices%2FX%2Fmessages%2FdeviceBound&%24.ct=text%2Fplain%3B%20charset%3DUTF-8"
                               "&%24.ce=utf-8&bbb=bbbb");
}

TEST(C2dTopic, EveryKey) {
  EventView all = with_to();
  all.system.push_back({SystemProperty::kAck, "full"});
  all.system.push_back({SystemProperty::kAbsoluteExpiry, "1893456000123"});
  all.system.push_back({SystemProperty::kUserId, "u"});
  all.system.push_back({SystemProperty::kCorrelationId, "c"});
  all.system.push_back({SystemProperty::kMessageId, "m"});
  EXPECT_EQ(topic_of(all), kPrefix + "%24.mid=m&" + kTo +
                               "&%24.cid=c&%24.uid=u&%24.exp=2030-01-01T00%3A00%3A00.1230000Z&iothub-ack=full");
}

// An empty bag is an exception in C# that tears the connection down; Java loses everything in front of the first %24.
TEST(C2dTopic, CSharpAndJavaNeedASystemKeyFirst) {
  EXPECT_EQ(topic_of({}), kPrefix + kTo) << "even without a `to`";
  EXPECT_TRUE(topic_of(with("a", "b")).starts_with(kPrefix + "%24."));
}

TEST(C2dTopic, NodeCSharpAndPythonTakeOneSegment) {
  const std::string topic = topic_of(with("a/b", "c/d"));
  EXPECT_EQ(topic, kPrefix + kTo + "&a%2Fb=c%2Fd");
  EXPECT_EQ(std::count(topic.begin(), topic.end(), '/'), 4);
}

TEST(C2dTopic, NodePythonAndJavaSplitAtEqualsAndAmpersand) {
  EXPECT_EQ(topic_of(with("a=b&", "c=d&e")), kPrefix + kTo + "&a%3Db%26=c%3Dd%26e");
}

TEST(C2dTopic, JavaDecodesPlusAsSpace) {
  EXPECT_EQ(topic_of(with("a b+", "c+d e")), kPrefix + kTo + "&a%20b%2B=c%2Bd%20e");
}

TEST(C2dTopic, UpperCaseHexAndNoWildcards) {
  EXPECT_EQ(topic_of(with("#+", "é%\n")), kPrefix + kTo + "&%23%2B=%C3%A9%25%0A");
}

TEST(C2dTopic, CSharpWantsSevenDigitsOfASecond) {
  EventView message = with_to();
  message.system.push_back({SystemProperty::kAbsoluteExpiry, "1704067200000"});
  EXPECT_EQ(topic_of(message), kPrefix + kTo + "&%24.exp=2024-01-01T00%3A00%3A00.0000000Z");
}

TEST(C2dTopic, JavaThrowsOnEmptyValuesAndNodeInventsThem) {
  for (const auto& message : {with("a", ""), with("a", std::nullopt), with("", "b")}) {
    EXPECT_EQ(topic_of(message), kPrefix + kTo);
  }
  EventView message = with_to();
  message.system.push_back({SystemProperty::kMessageId, ""});
  EXPECT_EQ(topic_of(message), kPrefix + kTo);
}

TEST(C2dTopic, JavaThrowsOnReservedNames) {
  for (const std::string_view name : {"iothub-operation", "iothub-messageid", "IoTHub-Enqueuedtime", "iothub-ack", "to",
                                      "message-id", "Correlation-Id", "user-id", "absolute-expiry-time"}) {
    EXPECT_EQ(topic_of(with(name, "x")), kPrefix + kTo) << name;
  }
  EventView message = with_to();
  message.system.push_back({SystemProperty::kOperation, "x"});
  message.system.push_back({SystemProperty::kMessageSchema, "x"});
  EXPECT_EQ(topic_of(message), kPrefix + kTo) << "no key for these";
}

TEST(C2dTopic, CSharpParsesTheAckIntoAnEnumeration) {
  for (const std::string_view ack : {"none", "positive", "negative", "full"}) {
    EventView message = with_to();
    message.system.push_back({SystemProperty::kAck, ack});
    EXPECT_EQ(topic_of(message), kPrefix + kTo + "&iothub-ack=" + std::string(ack));
    message.system.back().value = "sometimes";
    EXPECT_EQ(topic_of(message), kPrefix + kTo);
  }
}

TEST(C2dTopic, NoDuplicateKeys) {
  EventView message = with_to();
  message.application = {{"a", "1"}, {"a", "2"}, {"$.to", "3"}, {"$.mid", "4"}};
  EXPECT_EQ(topic_of(message), kPrefix + kTo + "&a=1");
}

TEST(C2dTopic, OurOwnDecoderReadsItBack) {
  EventView message;
  message.system = {{SystemProperty::kMessageId, "m/1 ü"},
                    {SystemProperty::kTo, "/devices/X/messages/deviceBound"},
                    {SystemProperty::kCorrelationId, "c&="},
                    {SystemProperty::kUserId, "u%"},
                    {SystemProperty::kAbsoluteExpiry, "1893456000000"},
                    {SystemProperty::kContentType, "a/b; c=d"},
                    {SystemProperty::kContentEncoding, "utf-8"},
                    {SystemProperty::kAck, "positive"}};
  message.application = {{"a b", "c+d"}, {"ключ", "значение"}, {"$x", "?#/"}};
  const std::string topic = topic_of(message);
  PropertyBagDecoder decoder;
  EventView read;
  decoder.decode(std::string_view(topic).substr(kPrefix.size()), read);
  for (const auto& p : message.system) EXPECT_EQ(read.find(p.name), p.value);
  EXPECT_EQ(read.system.size(), message.system.size());
  ASSERT_EQ(read.application.size(), message.application.size());
  for (size_t i = 0; i < read.application.size(); ++i) {
    EXPECT_EQ(read.application[i].name, message.application[i].name);
    EXPECT_EQ(read.application[i].value, message.application[i].value);
  }
}

}  // namespace
}  // namespace nave::front::mqtt
