#include "front/mqtt/username.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace nave::front::mqtt {
namespace {

struct Case {
  std::string_view name;
  std::string text;
  IdentityKey identity;
  std::string api_version;
  std::string client_type;
  std::string model_id;
};

class Usernames : public testing::TestWithParam<Case> {};

TEST_P(Usernames, AreUnderstood) {
  const Case& c = GetParam();
  const auto parsed = parse_username(c.text);
  ASSERT_TRUE(parsed) << c.text;
  EXPECT_EQ(parsed->host, "h.example");
  EXPECT_EQ(parsed->identity, c.identity);
  EXPECT_EQ(parsed->api_version, c.api_version);
  EXPECT_EQ(parsed->client_type, c.client_type);
  EXPECT_EQ(parsed->model_id, c.model_id);
  EXPECT_FALSE(parsed->has_auth_chain);
}

// reference/device-mqtt-https.md §2.2, every row of the table of clients.
INSTANTIATE_TEST_SUITE_P(
    OfEveryClient, Usernames,
    testing::Values(
        Case{"Node",
             "h.example/d/?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.3%20(node%20v18)",
             {"d", ""},
             "2021-04-12",
             "azure-iot-device/1.18.3 (node v18)",
             ""},
        Case{"NodeModel",
             "h.example/d/?api-version=2021-04-12&model-id=dtmi:com:example:X;1&DeviceClientType=azure-iot-device",
             {"d", ""},
             "2021-04-12",
             "azure-iot-device",
             "dtmi:com:example:X;1"},
        Case{"Python",
             "h.example/d/?api-version=2019-10-01&DeviceClientType=azure-iot-device-iothub-py%2F2.14.0%28x%29",
             {"d", ""},
             "2019-10-01",
             "azure-iot-device-iothub-py/2.14.0(x)",
             ""},
        Case{"PythonModel",
             "h.example/d/m/?api-version=2020-09-30&DeviceClientType=py&model-id=dtmi%3Acom%3Aexample%3AX%3B1",
             {"d", "m"},
             "2020-09-30",
             "py",
             "dtmi:com:example:X;1"},
        Case{"C",
             "h.example/d/?api-version=2020-09-30&DeviceClientType=iothubclient%2f1.9%20(native%3b%20Linux)",
             {"d", ""},
             "2020-09-30",
             "iothubclient/1.9 (native; Linux)",
             ""},
        Case{"CSharp",
             "h.example/d/m/?api-version=2020-09-30&DeviceClientType=.NET%2F1.41&model-id=dtmi%3Aa%3B1",
             {"d", "m"},
             "2020-09-30",
             ".NET/1.41",
             "dtmi:a;1"},
        Case{"Java",
             "h.example/d/?api-version=2020-09-30&model-id=dtmi:a;1&DeviceClientType=com.microsoft%2F2.1",
             {"d", ""},
             "2020-09-30",
             "com.microsoft/2.1",
             "dtmi:a;1"},
        Case{"EmbeddedC",
             "h.example/d/?api-version=2020-09-30&DeviceClientType=azsdk-c%2F1.5.0",
             {"d", ""},
             "2020-09-30",
             "azsdk-c/1.5.0",
             ""},
        Case{"Docs", "h.example/d/?api-version=2021-04-12", {"d", ""}, "2021-04-12", "", ""},
        Case{"OldNoMark", "h.example/d/api-version=2016-11-14", {"d", ""}, "2016-11-14", "", ""},
        Case{"OldSlashes",
             "h.example/d/api-version=2017-06-30/DeviceClientType=Microsoft.Azure.Devices.Client/1.5.1-preview-003",
             {"d", ""},
             "2017-06-30",
             "Microsoft.Azure.Devices.Client",
             ""},
        Case{"OldVersionLast",
             "h.example/d/DeviceClientType=azure-iot-device%2F1.1.21&api-version=2016-11-14",
             {"d", ""},
             "2016-11-14",
             "azure-iot-device/1.1.21",
             ""},
        Case{"OldModule", "h.example/d/m/api-version=2016-11-14", {"d", "m"}, "2016-11-14", "", ""},
        Case{"Oldest", "h.example/d", {"d", ""}, "", "", ""},
        Case{"OldestSlash", "h.example/d/", {"d", ""}, "", "", ""},
        Case{"OldestModule", "h.example/d/m", {"d", "m"}, "", "", ""},
        // Ids may look like anything but a slash, and are not decoded.
        Case{"OddIds", "h.example/?a%40#+=b/?m/?api-version=1", {"?a%40#+=b", "?m"}, "1", "", ""},
        Case{"RawSlashInQuery", "h.example/d/?api-version=1&DeviceClientType=a/b", {"d", ""}, "1", "a/b", ""},
        Case{
            "FirstDuplicateWins", "h.example/d/?api-version=1&api-version=2&unknown=3&nothing", {"d", ""}, "1", "", ""},
        Case{"NotUtf8StaysEncoded", "h.example/d/?api-version=1&model-id=%FF", {"d", ""}, "1", "", "%FF"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Username, WhatIsNoUserName) {
  for (const std::string_view text : {"", "h.example", "h.example/", "/d", "h.example//?api-version=1",
                                      "h.example/d/m/x", "h.example/d/m/x/?api-version=1"}) {
    EXPECT_FALSE(parse_username(text)) << text;
  }
}

TEST(Username, IdsUpToTheirLimit) {
  const std::string longest(limits::kIdCharsMax, 'i');
  EXPECT_TRUE(parse_username("h/" + longest + "/" + longest + "/?api-version=1"));
  EXPECT_FALSE(parse_username("h/" + longest + "i/?api-version=1"));
  EXPECT_FALSE(parse_username("h/d/" + longest + "i/?api-version=1"));
}

TEST(Username, ModelIdUpToItsLimit) {
  const std::string longest(limits::kModelIdBytesMax, 'i');
  EXPECT_TRUE(parse_username("h/d/?model-id=" + longest));
  EXPECT_FALSE(parse_username("h/d/?model-id=" + longest + "i"));
}

TEST(Username, AuthChainIsSeen) {
  const auto parsed = parse_username("h/d/?api-version=2020-09-30&DeviceClientType=x&auth-chain=leaf%3Bedge");
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->has_auth_chain);
}

}  // namespace
}  // namespace nave::front::mqtt
