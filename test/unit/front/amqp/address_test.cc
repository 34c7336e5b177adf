#include "front/amqp/address.h"

#include <gtest/gtest.h>

namespace nave::front::amqp {
namespace {

using Segments = std::vector<std::string>;

struct Case {
  const char* text;
  const char* host;
  Segments segments;
};

TEST(Address, EverySpellingOfTheSdks) {
  const Case cases[] = {
      {"$cbs", "", {"$cbs"}},
      {"/devices/d1/messages/events", "", {"devices", "d1", "messages", "events"}},
      {"amqps://h.example:5671/devices/d1/messages/deviceBound",
       "h.example",
       {"devices", "d1", "messages", "deviceBound"}},
      {"amqps://policy%40sas.root.h:SharedAccessSignature@h.example:5671/messages/events/$management",
       "h.example",
       {"messages", "events", "$management"}},
      {"AMQP://H/x", "H", {"x"}},
      {"sb://h:7010/eh/$management", "h", {"eh", "$management"}},
      {"amqps://[::1]:5671/eh", "[::1]", {"eh"}},
      {"//eh/ConsumerGroups/%24Default/Partitions/0/", "", {"eh", "ConsumerGroups", "$Default", "Partitions", "0"}},
      {"devices/a+b%20c", "", {"devices", "a+b c"}},
      {"amqps://host", "host", {}},
      {"", "", {}},
  };
  for (const Case& c : cases) {
    const auto address = parse_address(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(address->host, c.host) << c.text;
    EXPECT_EQ(address->segments, c.segments) << c.text;
  }
}

TEST(Address, LiteralsCompareIgnoringCaseAndStarStandsForOneSegment) {
  const auto address = parse_address("/Devices/D1/Messages/DEVICEBOUND");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->matches({"devices", "*", "messages", "deviceBound"}));
  EXPECT_FALSE(address->matches({"devices", "*", "messages"}));
  EXPECT_FALSE(address->matches({"devices", "*", "messages", "events"}));
  EXPECT_TRUE(address->segment_is(0, "devices"));
  EXPECT_FALSE(address->segment_is(4, "devices"));
}

TEST(Address, RefusesWhatNoIdMayHold) {
  EXPECT_FALSE(parse_address("/devices/a%2Fb/twin"));
  EXPECT_FALSE(parse_address("/devices/a%00b/twin"));
  EXPECT_FALSE(parse_address("/devices/a\nb/twin"));
}

TEST(Address, LengthLimitIsExact) {
  EXPECT_TRUE(parse_address(std::string(kAddressBytesMax, 'a')));
  EXPECT_FALSE(parse_address(std::string(kAddressBytesMax + 1, 'a')));
}

}  // namespace
}  // namespace nave::front::amqp
