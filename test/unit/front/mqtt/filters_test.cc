#include "front/mqtt/filters.h"

#include <gtest/gtest.h>

namespace nave::front::mqtt {
namespace {

using wire::mqtt::Qos;

const IdentityKey kDevice{"dev-1", ""};
const IdentityKey kModule{"dev-1", "mod-1"};

TEST(Filters, OfADevice) {
  EXPECT_EQ(parse_filter("devices/dev-1/messages/devicebound/#", kDevice), Filter::kDeviceC2d);
  EXPECT_EQ(parse_filter("$iothub/twin/res/#", kDevice), Filter::kTwinResponses);
  EXPECT_EQ(parse_filter("$iothub/twin/PATCH/properties/desired/#", kDevice), Filter::kDesiredProperties);
  EXPECT_EQ(parse_filter("$iothub/methods/POST/#", kDevice), Filter::kMethods);
}

TEST(Filters, OfAModule) {
  EXPECT_EQ(parse_filter("devices/dev-1/modules/mod-1/messages/devicebound/#", kModule), Filter::kModuleC2d);
  EXPECT_EQ(parse_filter("devices/dev-1/modules/mod-1/inputs/#", kModule), Filter::kModuleInputs);
  EXPECT_EQ(parse_filter("devices/dev-1/modules/mod-1/#", kModule), Filter::kModuleAll);
  EXPECT_EQ(parse_filter("$iothub/methods/POST/#", kModule), Filter::kMethods);
}

TEST(Filters, OfNobody) {
  for (const std::string_view text :
       {"#", "+/dev-1/messages/devicebound/#", "devices/dev-1/#", "devices/dev-2/messages/devicebound/#",
        "devices/+/messages/devicebound/#", "devices/dev-1/messages/devicebound/", "devices/dev-1/messages/events/#",
        "$iothub/#", "$iothub/methods/POST/x/#", "devices/dev-1/modules/mod-1/#", "devices/dev-1/inputs/#"}) {
    EXPECT_FALSE(parse_filter(text, kDevice)) << text;
  }
  EXPECT_FALSE(parse_filter("devices/dev-1/messages/devicebound/#", kModule));
  EXPECT_FALSE(parse_filter("devices/dev-1/modules/mod-2/#", kModule));
}

TEST(Filters, IdsWithWildcardCharactersAreLiteral) {
  EXPECT_EQ(parse_filter("devices/a+b#/messages/devicebound/#", {"a+b#", ""}), Filter::kDeviceC2d);
  EXPECT_FALSE(parse_filter("devices/axb#/messages/devicebound/#", {"a+b#", ""}));
}

TEST(Filters, TheNumbersAreOnDisk) {
  hub::MqttSession session;
  EXPECT_EQ(subscribe(session, Filter::kDeviceC2d, Qos::kAtLeastOnce), Qos::kAtLeastOnce);
  EXPECT_EQ(subscribe(session, Filter::kMethods, Qos::kAtMostOnce), Qos::kAtMostOnce);
  EXPECT_EQ(session, (hub::MqttSession{.filters = 0x41, .qos1 = 0x01}));
}

TEST(Filters, AgainWithAnotherQos) {
  hub::MqttSession session;
  EXPECT_EQ(subscribe(session, Filter::kMethods, Qos::kExactlyOnce), Qos::kAtLeastOnce);
  EXPECT_EQ(session.qos1, session.filters);
  EXPECT_EQ(subscribe(session, Filter::kMethods, Qos::kAtMostOnce), Qos::kAtMostOnce);
  EXPECT_EQ(session.qos1, 0U);
  EXPECT_EQ(subscription_count(session), 1U);
  unsubscribe(session, Filter::kMethods);
  EXPECT_EQ(session, hub::MqttSession{});
}

}  // namespace
}  // namespace nave::front::mqtt
