#include "front/mqtt/topics.h"

#include <gtest/gtest.h>

namespace nave::front::mqtt {
namespace {

const IdentityKey kDevice{"dev-1", ""};
const IdentityKey kModule{"dev-1", "mod-1"};

std::string text(const PublishTopic& topic) {
  struct Visitor {
    std::string operator()(const TelemetryTopic& t) const { return "telemetry " + std::string(t.bag); }
    std::string operator()(const TwinGetTopic& t) const { return "get " + std::string(t.request_id); }
    std::string operator()(const TwinPatchTopic& t) const {
      return "patch " + std::string(t.request_id) + (t.base_version ? " v" + std::to_string(*t.base_version) : "");
    }
    std::string operator()(const UnknownTwinTopic& t) const { return "twin? " + std::string(t.request_id); }
    std::string operator()(const MethodResponseTopic& t) const {
      return "method " + std::to_string(t.status) + " " + std::string(t.request_id);
    }
    std::string operator()(const UnknownTopic&) const { return "unknown"; }
  };
  return std::visit(Visitor{}, topic);
}

std::string device(std::string_view topic) {
  return text(parse_publish_topic(topic, kDevice));
}
std::string module(std::string_view topic) {
  return text(parse_publish_topic(topic, kModule));
}

TEST(Topics, TelemetryOfADevice) {
  EXPECT_EQ(device("devices/dev-1/messages/events/"), "telemetry ");
  EXPECT_EQ(device("devices/dev-1/messages/events"), "telemetry ");
  EXPECT_EQ(device("devices/dev-1/messages/events//"), "telemetry ");
  EXPECT_EQ(device("devices/dev-1/messages/events/a=b"), "telemetry a=b");
  EXPECT_EQ(device("devices/dev-1/messages/events/a=b/"), "telemetry a=b") << "C#";
  EXPECT_EQ(device("devices/dev-1/messages/events/%24.ct=application/json&a=b"),
            "telemetry %24.ct=application/json&a=b")
      << "C does not encode";
  EXPECT_EQ(device("devices/dev-1/messages/events/?a=b"), "telemetry a=b");
}

TEST(Topics, TelemetryOfAModule) {
  EXPECT_EQ(module("devices/dev-1/modules/mod-1/messages/events/a=b"), "telemetry a=b");
  EXPECT_EQ(module("devices/dev-1/modules/mod-1/messages/events//"), "telemetry ") << "Java";
  EXPECT_EQ(module("devices/dev-1/modules/mod-1/messages/events"), "telemetry ");
  EXPECT_EQ(module("devices/dev-1/messages/events/"), "unknown") << "its device is another identity";
}

TEST(Topics, OtherIdentitiesAndOtherTopics) {
  for (const std::string_view topic :
       {"devices/dev-2/messages/events/", "devices/dev-10/messages/events/", "devices/DEV-1/messages/events/",
        "devices/dev-1/modules/mod-1/messages/events/", "devices/dev-1/messages/eventsx/", "devices/dev-1/messages/",
        "devices/dev-1/messages/devicebound/", "devices/dev-1", "devices/", "a/b", "/devices/dev-1/messages/events/",
        "$iothub/unknown"}) {
    EXPECT_EQ(device(topic), "unknown") << topic;
  }
}

TEST(Topics, IdsAreLiteral) {
  EXPECT_EQ(text(parse_publish_topic("devices/a.%40(b)/messages/events/x=y", {"a.%40(b)", ""})), "telemetry x=y");
  EXPECT_EQ(text(parse_publish_topic("devices/a.@(b)/messages/events/x=y", {"a.%40(b)", ""})), "unknown");
}

TEST(Topics, Twins) {
  EXPECT_EQ(device("$iothub/twin/GET/?$rid=7"), "get 7");
  EXPECT_EQ(device("$iothub/twin/GET/?$rid=0f-A"), "get 0f-A");
  EXPECT_EQ(device("$iothub/twin/PATCH/properties/reported/?$rid=7"), "patch 7");
  EXPECT_EQ(device("$iothub/twin/PATCH/properties/reported/?$rid=7&$version=12"), "patch 7 v12") << "Java";
  EXPECT_EQ(device("$iothub/twin/GET/?$rid=a/b?c=d"), "get a/b?c=d") << "any text";
  for (const std::string_view topic : {"$iothub/twin/GET/", "$iothub/twin/GET/?$rid=", "$iothub/twin/GET/$rid=7"}) {
    EXPECT_EQ(device(topic), "unknown") << topic;
  }
  for (const std::string_view topic :
       {"$iothub/twin/PATCH/properties/reported/?$rid=7&$version=x", "$iothub/twin/PATCH/properties/desired/?$rid=7",
        "$iothub/twin/DELETE/?$rid=7", "$iothub/twin/GETx/?$rid=7"}) {
    EXPECT_EQ(device(topic), "twin? 7") << topic;
  }
}

TEST(Topics, MethodResponses) {
  EXPECT_EQ(device("$iothub/methods/res/200/?$rid=4"), "method 200 4");
  EXPECT_EQ(module("$iothub/methods/res/-1/?$rid=ab&x=y"), "method -1 ab");
  for (const std::string_view topic : {"$iothub/methods/res//?$rid=4", "$iothub/methods/res/ok/?$rid=4",
                                       "$iothub/methods/res/200/", "$iothub/methods/res/99999999999/?$rid=4"}) {
    EXPECT_EQ(device(topic), "unknown") << topic;
  }
}

}  // namespace
}  // namespace nave::front::mqtt
