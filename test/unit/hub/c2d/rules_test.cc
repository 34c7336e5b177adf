#include "hub/c2d/rules.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace nave::hub {
namespace {

const UtcTime kNow = from_unix_ms(1'786'784'856'000);

EventView with_body(std::string_view body) {
  EventView out;
  out.body = body;
  return out;
}

std::string error_of(const EventView& message) {
  const auto r = accept_message({"d", ""}, message, kNow, 1000);
  return r ? "" : std::string(row(r.error().code).name);
}

EventView kept(const CommandWrite& write) {
  EventView out;
  EXPECT_TRUE(decode_event(write.record, out));
  return out;
}

TEST(C2dRules, SixtyFourKilobytesAsMetered) {
  const std::string body(limits::kC2dMessageBytesMax - 4, 'x');
  EventView message = with_body(body);
  message.application.push_back({"ab", "cd"});
  EXPECT_EQ(error_of(message), "");
  message.application.push_back({"e", std::nullopt});
  EXPECT_EQ(error_of(message), "MessageTooLarge");
}

TEST(C2dRules, AMessageIdOfAHundredAndTwentyEightCharacters) {
  const std::string longest(128, 'i');
  EventView message;
  message.system = {{SystemProperty::kMessageId, longest}};
  EXPECT_EQ(error_of(message), "");
  const std::string longer = longest + "i";
  message.system = {{SystemProperty::kMessageId, longer}};
  EXPECT_EQ(error_of(message), "ArgumentInvalid");
}

TEST(C2dRules, PropertiesOfTheCharactersThatHttpTakes) {
  EventView message;
  message.application = {{"Az09!#$%&'*+-.^_`|~", "Az09!#$%&'*+-.^_`|~"}, {"none", std::nullopt}};
  EXPECT_EQ(error_of(message), "");
  for (const auto* text : {"a b", "a=b", "a;b", "a\"b", "a/b", "a(b", "a\n", "\x7f", "ä"}) {
    message.application = {{text, "v"}};
    EXPECT_EQ(error_of(message), "ArgumentInvalid") << text;
    message.application = {{"n", text}};
    EXPECT_EQ(error_of(message), "ArgumentInvalid") << text;
  }
}

// C# parses iothub-ack into an enumeration and throws for anything else (device-mqtt-https.md §4.3, rule 9).
TEST(C2dRules, CSharpNeverSeesAnUnknownAck) {
  for (const auto* ack : {"none", "positive", "negative", "full", "Full", "NEGATIVE"}) {
    EventView message;
    message.system = {{SystemProperty::kAck, ack}};
    const auto write = accept_message({"d", ""}, message, kNow, 1000);
    ASSERT_TRUE(write) << ack;
    const EventView view = kept(*write);
    EXPECT_EQ(view.find(SystemProperty::kAck), name_of(*parse_ack(ack)));
  }
  for (const auto* ack : {"", "some", "full "}) {
    EventView message;
    message.system = {{SystemProperty::kAck, ack}};
    EXPECT_EQ(error_of(message), "ArgumentInvalid") << ack;
  }
}

// Java finds the bag of an MQTT topic by its first "%24", C# tears the connection down without a bag: `to` is always
// there (device-mqtt-https.md §4.3, rule 1).
TEST(C2dRules, JavaAndCSharpAlwaysGetATo) {
  const auto to_of = [](const IdentityKey& key, const EventView& message) {
    const auto write = accept_message(key, message, kNow, 1000);
    return std::string(kept(*write).find(SystemProperty::kTo).value_or("none"));
  };
  EXPECT_EQ(to_of({"d", ""}, {}), "/devices/d/messages/devicebound");
  EXPECT_EQ(to_of({"d#1", "m"}, {}), "/devices/d%231/modules/m/messages/devicebound");
  EventView message;
  message.system = {{SystemProperty::kTo, "/devices/D/messages/deviceBound"}};
  EXPECT_EQ(to_of({"d", ""}, message), "/devices/D/messages/deviceBound") << "verbatim";
}

TEST(C2dRules, WhatIsKept) {
  EventView message = with_body("body");
  message.system = {{SystemProperty::kTo, "t"},
                    {SystemProperty::kMessageId, "m"},
                    {SystemProperty::kConnectionDeviceId, "forged"},
                    {SystemProperty::kAck, "positive"}};
  message.application = {{"a", "b"}, {"n", std::nullopt}};
  const auto write = accept_message({"d", "m"}, message, kNow, 1000);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->key, (IdentityKey{"d", "m"}));
  EXPECT_EQ(write->head, (CommandHead{0, kNow, kNow + std::chrono::seconds(1), 0, AckRequest::kPositive, "m"}));
  const EventView view = kept(*write);
  EXPECT_EQ(view.body, "body");
  EXPECT_EQ(view.application.size(), 2U);
  EXPECT_EQ(view.system.size(), 3U);
  EXPECT_FALSE(view.find(SystemProperty::kConnectionDeviceId)) << "a sender cannot speak for the hub";
  EXPECT_FALSE(view.find(SystemProperty::kAbsoluteExpiry)) << "only as sent";
}

TEST(C2dRules, TheMessageIdIsRememberedOnlyForFeedback) {
  EventView message;
  message.system = {{SystemProperty::kMessageId, "m"}};
  EXPECT_EQ(accept_message({"d", ""}, message, kNow, 1000)->head.message_id, "");
}

}  // namespace
}  // namespace nave::hub
