#include "front/mqtt/property_bag.h"

#include <gtest/gtest.h>

#include <set>

#include "unit/front/mqtt/rig.h"

namespace nave::front::mqtt {
namespace {

using hub::EventView;

std::string decode(const std::string& bag) {
  PropertyBagDecoder decoder;
  EventView event;
  decoder.decode(bag, event);
  return test::event_text(event);
}

TEST(PropertyBag, Pairs) {
  EXPECT_EQ(decode(""), "{}{}");
  EXPECT_EQ(decode("a=b"), "{}{a=b}");
  EXPECT_EQ(decode("a=b&c=d"), "{}{a=b,c=d}");
  EXPECT_EQ(decode("a=b=c"), "{}{a=b=c}") << "split at the first '='";
  EXPECT_EQ(decode("k"), "{}{k}") << "null";
  EXPECT_EQ(decode("k="), "{}{k=}") << "empty";
  EXPECT_EQ(decode("&&a=b&"), "{}{a=b}");
}

TEST(PropertyBag, Escapes) {
  EXPECT_EQ(decode("a%20b=c%26d%3De%2Ff"), "{}{a b=c&d=e/f}");
  EXPECT_EQ(decode("a+b=c+d"), "{}{a+b=c+d}") << "plus is plus";
  EXPECT_EQ(decode("a=%C3%A9"), "{}{a=\xc3\xa9}");
  EXPECT_EQ(decode("a=%4a%4A"), "{}{a=JJ}");
  EXPECT_EQ(decode("a=%zz&b=%4&c=%"), "{}{a=%zz,b=%4,c=%}") << "malformed stays";
  EXPECT_EQ(decode("a=x%FFy"), "{}{a=x%FFy}") << "not UTF-8 stays";
}

// reference/device-mqtt-https.md §3.4: the same message as every SDK writes it.
TEST(PropertyBag, EverySdkSaysTheSame) {
  const std::string same = "{1=m 1,5=application/json,6=utf-8}{temp alert=yes & no}";
  EXPECT_EQ(decode("%24.mid=m%201&%24.ct=application%2Fjson&%24.ce=utf-8&temp%20alert=yes%20%26%20no"), same)
      << "Node, Python, C#";
  EXPECT_EQ(decode("temp%20alert=yes%20%26%20no&%24.ct=application/json&%24.ce=utf-8&%24.mid=m%201"), same) << "C";
  EXPECT_EQ(decode("$.mid=m%201&$.ct=application%2Fjson&$.ce=utf-8&temp%20alert=yes%20%26%20no"), same) << "Java";
  EXPECT_EQ(decode("%24.mid=m 1&%24.ct=application/json&%24.ce=utf-8&temp alert=yes %26 no"), same) << "embedded C";
}

TEST(PropertyBag, EverySystemKey) {
  EXPECT_EQ(decode("$.mid=1&$.cid=2&$.uid=3&$.to=4&$.ct=5&$.ce=6&$.ctime=8&$.on=9&$.ifid=10&$.sub=11&$.schema=12&"
                   "$.diagid=14&$.diagctx=creationtimeutc%3D15&iothub-operation=21&iothub-ack=full"),
            "{1=1,2=2,3=3,4=4,5=5,6=6,8=8,9=9,10=10,11=11,12=12,14=14,15=creationtimeutc=15,21=21,22=full}{}");
}

TEST(PropertyBag, UnknownAndMisspelledSystemKeysAreTheApplications) {
  EXPECT_EQ(decode("$.xyz=1&$.MID=2&iothub-x=3&mid=4"), "{}{$.MID=2,$.xyz=1,iothub-x=3,mid=4}");
}

TEST(PropertyBag, ExpiryBecomesMilliseconds) {
  EXPECT_EQ(decode("$.exp=2030-01-01T00:00:00.0000000Z"), "{7=1893456000000}{}") << "C#";
  EXPECT_EQ(decode("%24.exp=2030-01-01T00%3A00%3A00.500Z"), "{7=1893456000500}{}") << "Node";
  EXPECT_EQ(decode("$.exp=2030-01-01T00:00:00"), "{7=1893456000000}{}") << "Python";
  EXPECT_EQ(decode("$.exp=0001-01-01"), "{7=-62135596800000}{}") << "longer than what was sent";
  EXPECT_EQ(decode("$.exp=soon"), "{}{$.exp=soon}");
}

TEST(PropertyBag, NullSystemPropertyIsNoProperty) {
  EXPECT_EQ(decode("$.mid&$.cid="), "{2=}{}");
  EXPECT_EQ(decode("$.mid=1&$.mid"), "{}{}");
}

TEST(PropertyBag, TheLastDuplicateWins) {
  EXPECT_EQ(decode("a=1&b=2&a=3"), "{}{a=3,b=2}");
  EXPECT_EQ(decode("a=1&%61"), "{}{a}") << "compared decoded";
  EXPECT_EQ(decode("$.mid=1&%24.mid=2"), "{1=2}{}");
  EXPECT_EQ(decode("a=1&A=2"), "{}{A=2,a=1}") << "case counts";
}

// Both ways of finding duplicates, around the size where one takes over from the other.
TEST(PropertyBag, DuplicatesInBagsOfEverySize) {
  for (int names = 1; names <= 40; ++names) {
    std::string bag;
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < names; ++i) bag += "n" + std::to_string(i) + "=" + std::to_string(round) + "&";
    }
    PropertyBagDecoder decoder;
    EventView event;
    decoder.decode(bag, event);
    ASSERT_EQ(event.application.size(), static_cast<size_t>(names));
    std::set<std::string_view> seen;
    for (const auto& p : event.application) {
      EXPECT_EQ(p.value, "2");
      seen.insert(p.name);
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(names));
  }
}

TEST(PropertyBag, TheDecoderIsReusable) {
  PropertyBagDecoder decoder;
  EventView event;
  event.body = "body";
  decoder.decode("a=%41&$.mid=%42", event);
  decoder.decode("b=%43", event);
  EXPECT_EQ(test::event_text(event), "{}{b=C}body");
}

TEST(PropertyBag, TheHubsOwnPropertyReplacesTheDevices) {
  PropertyBagDecoder decoder;
  EventView event;
  decoder.decode("mqtt-retain=no&a=b", event);
  set_application_property(event, kRetainProperty, "true");
  set_application_property(event, "new", "x");
  EXPECT_EQ(test::event_text(event), "{}{a=b,mqtt-retain=true,new=x}");
}

}  // namespace
}  // namespace nave::front::mqtt
