#include "front/http/path.h"

#include <gtest/gtest.h>

namespace nave::front::http {
namespace {

using Segments = std::vector<std::string>;

TEST(SplitPath, SplitsThenDecodesOnce) {
  EXPECT_EQ(split_path("/devices/a%2540b"), (Segments{"devices", "a%40b"}));
  EXPECT_EQ(split_path("/devices/a+b"), (Segments{"devices", "a+b"}));
  EXPECT_EQ(split_path("/devices/a%2Fb/modules"), (Segments{"devices", "a/b", "modules"}));
  EXPECT_EQ(split_path("/devices/50%"), (Segments{"devices", "50%"}));
  EXPECT_EQ(split_path("/"), Segments{});
}

TEST(SplitPath, OneTrailingSlashIsIgnored) {
  EXPECT_EQ(split_path("/devices/"), Segments{"devices"});
  EXPECT_EQ(split_path("/devices//"), std::nullopt);
  EXPECT_EQ(split_path("//devices"), std::nullopt);
  EXPECT_EQ(split_path("/devices//modules"), std::nullopt);
}

TEST(SplitPath, ExplorersWholePathIsDecodedOnceAndSplit) {
  EXPECT_EQ(split_path("/devices%2Fa%2540b"), (Segments{"devices", "a%40b"}));
  EXPECT_EQ(split_path("/devices%2fd%2Fmodules%2fm%2F"), (Segments{"devices", "d", "modules", "m"}));
  EXPECT_EQ(split_path("/devices%252Fd"), Segments{"devices%2Fd"});
  EXPECT_EQ(split_path("/devices%2F%2Fd"), std::nullopt);
}

// encodeURIComponent("devices/" + encodeURIComponent(id) + "/messages/deviceBound"); nowhere else is an id encoded
// twice.
TEST(SplitPath, ExplorersMessageToADeviceHasItsIdEncodedTwice) {
  EXPECT_EQ(split_path("/devices%2Fa%2523b%2Fmessages%2FdeviceBound"),
            (Segments{"devices", "a#b", "messages", "deviceBound"}));
  EXPECT_EQ(split_path("/devices%2fa%252541%2fmessages%2fdevicebound"),
            (Segments{"devices", "a%41", "messages", "devicebound"}));
  EXPECT_EQ(split_path("/devices/a%2523b/messages/deviceBound"),
            (Segments{"devices", "a%23b", "messages", "deviceBound"}));
  EXPECT_EQ(split_path("/devices%2Fa%2523b%2Fmessages%2Fevents"), (Segments{"devices", "a%23b", "messages", "events"}));
  EXPECT_EQ(split_path("/devices%2Fa%25FF%2Fmessages%2FdeviceBound"), std::nullopt);
}

TEST(SplitPath, RefusesWhatIsNoPath) {
  EXPECT_EQ(split_path(""), std::nullopt);
  EXPECT_EQ(split_path("devices"), std::nullopt);
  EXPECT_EQ(split_path("*"), std::nullopt);
  EXPECT_EQ(split_path("/devices/%FF"), std::nullopt);
  std::string deep;
  for (int i = 0; i < 16; ++i) deep += "/a";
  EXPECT_TRUE(split_path(deep));
  EXPECT_EQ(split_path(deep + "/a"), std::nullopt);
  EXPECT_EQ(split_path(std::string(30'000, '/')), std::nullopt);
}

TEST(QueryParameter, FirstOfTheNameDecoded) {
  EXPECT_EQ(query_parameter("top=5&api-version=2021-04-12", "api-version"), "2021-04-12");
  EXPECT_EQ(query_parameter("API-VERSION=x", "api-version"), "x");
  EXPECT_EQ(query_parameter("a=1&a=2", "a"), "1");
  EXPECT_EQ(query_parameter("a=b%3Dc=d&x", "a"), "b=c=d");
  EXPECT_EQ(query_parameter("a=b&x", "x"), "");
  EXPECT_EQ(query_parameter("&&a=b&", "a"), "b");
  EXPECT_EQ(query_parameter("ab=1", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("", "a"), std::nullopt);
}

}  // namespace
}  // namespace nave::front::http
