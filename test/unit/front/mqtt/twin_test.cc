// Twins over MQTT (reference/device-mqtt-https.md §5): topics, bodies, errors, order.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "json/parse.h"
#include "unit/front/mqtt/rig.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};
const IdentityKey kModule{"dev-1", "mod-1"};
const std::string kResponses = "$iothub/twin/res/#";
const std::string kDesired = "$iothub/twin/PATCH/properties/desired/#";

// One packet from the hub: "PUBLISH q0 topic body", "PUBACK 5", …
std::vector<std::string> packets(const std::string& bytes) {
  std::vector<std::string> out;
  for (size_t at = 0; at < bytes.size();) {
    const uint8_t first = byte_at(bytes, at);
    size_t length = 0;
    size_t shift = 0;
    size_t head = at + 1;
    for (;; shift += 7) {
      const uint8_t digit = byte_at(bytes, head++);
      length |= size_t{digit & 0x7fU} << shift;
      if ((digit & 0x80) == 0) break;
    }
    const std::string body = bytes.substr(head, length);
    at = head + length;
    if (first >> 4 == 3) {
      const size_t topic = load_be<uint16_t>(body.data());
      const unsigned qos = (first >> 1) & 3U;
      std::string text = "q" + std::to_string(qos) + " " + body.substr(2, topic) + " ";
      if (qos > 0) text += "id=" + std::to_string(load_be<uint16_t>(body.data() + 2 + topic)) + " ";
      EXPECT_EQ(first & 9, 0) << "no RETAIN, no DUP";
      out.push_back(text + body.substr(2 + topic + (qos > 0 ? 2 : 0)));
    } else if (first >> 4 == 4) {
      out.push_back("PUBACK " + std::to_string(load_be<uint16_t>(body.data())));
    } else {
      out.push_back("packet " + std::to_string(first >> 4));
    }
  }
  return out;
}
using Packets = std::vector<std::string>;

class MqttTwin : public testing::Test {
 protected:
  // Connected, and subscribed to these filters with QoS 0.
  std::unique_ptr<MqttClient> client(const std::vector<std::string>& filters, const IdentityKey& key = kDevice,
                                     uint8_t qos = 0) {
    auto out = std::make_unique<MqttClient>(rig);
    EXPECT_EQ(out->connect(rig, key, true), connack(0));
    unsigned id = 100;
    for (const std::string& f : filters) out->send(subscribe_packet(id++, {{f, qos}}));
    return out;
  }
  Packets ask(MqttClient& c, const std::string& topic, const std::string& body = "", uint8_t qos = 0, unsigned id = 0) {
    return packets(c.send(publish_packet("$iothub/twin/" + topic, body, qos, id)));
  }
  Packets get(MqttClient& c, const std::string& rid = "1") { return ask(c, "GET/?$rid=" + rid); }
  Packets report(MqttClient& c, const std::string& body, const std::string& query = "$rid=1") {
    return ask(c, "PATCH/properties/reported/?" + query, body);
  }
  // A change by the service; the shard has worked on it when this returns, unless writes are held.
  void desire(const std::string& desired, const IdentityKey& key = kDevice, bool replace = false) {
    hub::TwinInput input;
    input.desired = *json::parse(desired).value().if_object();
    const auto reply = [](const hub::HubResult<hub::TwinDocument>& r) { ASSERT_TRUE(r); };
    if (replace) {
      rig.twins.replace(key, {std::move(input), {}, 0}, rig.shard.executor, reply);
    } else {
      rig.twins.patch(key, {std::move(input), {}, 0}, rig.shard.executor, reply);
    }
    rig.shard.run_until_idle();
  }
  static Packets sent(MqttClient& c) { return packets(c.transport.take_sent()); }
  static Packets one(const std::string& packet) { return {packet}; }

  // status and members of an error response; trackingId and timestampUtc only have to be there.
  static std::string error(const Packets& p) {
    if (p.size() != 1) return "packets: " + std::to_string(p.size());
    const size_t space = p[0].find(' ', 3);
    const auto parsed = json::parse(p[0].substr(space + 1));
    if (!parsed || parsed->if_object() == nullptr) return p[0];
    const json::Object& o = *parsed->if_object();
    std::string names;
    for (const json::Member& m : o) names += m.name + " ";
    EXPECT_EQ(names, "errorCode trackingId message timestampUtc ");
    EXPECT_TRUE(o.find("errorCode")->to_int64()) << "Node wants a number";
    return p[0].substr(3, space - 3) + " " + std::to_string(*o.find("errorCode")->to_int64()) + " " +
           *o.find("message")->if_string();
  }

  MqttRig rig;
};

TEST_F(MqttTwin, GetAndReport) {
  const auto c = client({kResponses});
  EXPECT_EQ(get(*c, "abc-1"),
            one(R"(q0 $iothub/twin/res/200/?$rid=abc-1 {"desired":{"$version":1},"reported":{"$version":1}})"));
  EXPECT_EQ(report(*c, R"({"t":1.0})", "$rid=7"), one("q0 $iothub/twin/res/204/?$rid=7&$version=2 "));
  desire(R"({"b":2,"a":1e2})");
  EXPECT_EQ(sent(*c), Packets{}) << "not subscribed to changes";
  EXPECT_EQ(get(*c), one(R"(q0 $iothub/twin/res/200/?$rid=1 {"desired":{"b":2,"a":1e2,"$version":2},)"
                         R"("reported":{"t":1.0,"$version":2}})"));
}

TEST_F(MqttTwin, ModulesHaveTheirOwn) {
  const auto d = client({kResponses, kDesired});
  const auto m = client({kResponses, kDesired}, kModule);
  EXPECT_EQ(report(*m, R"({"m":1})"), one("q0 $iothub/twin/res/204/?$rid=1&$version=2 "));
  EXPECT_EQ(get(*d), one(R"(q0 $iothub/twin/res/200/?$rid=1 {"desired":{"$version":1},"reported":{"$version":1}})"));
  desire(R"({"x":1})", kModule);
  EXPECT_EQ(sent(*m), one(R"(q0 $iothub/twin/PATCH/properties/desired/?$version=2 {"x":1,"$version":2})"));
  EXPECT_EQ(sent(*d), Packets{});
}

// Node and Python send one space as the body of a GET; Python with QoS 1, so it wants a PUBACK too.
TEST_F(MqttTwin, PythonQos1AndOneSpaceBody) {
  const auto c = client({kResponses}, kDevice, 1);
  EXPECT_EQ(ask(*c, "GET/?$rid=4a0ac9d2-32a4-4a86-a4b9-7a9e5d0a7f1b", " ", 1, 9),
            (Packets{"PUBACK 9",
                     "q0 $iothub/twin/res/200/?$rid=4a0ac9d2-32a4-4a86-a4b9-7a9e5d0a7f1b "
                     R"({"desired":{"$version":1},"reported":{"$version":1}})"}));
  EXPECT_EQ(ask(*c, "PATCH/properties/reported/?$rid=r2", R"({"a":1})", 1, 10),
            (Packets{"PUBACK 10", "q0 $iothub/twin/res/204/?$rid=r2&$version=2 "}));
}

// Java appends the version that it believes it changes; its parser takes what stands behind the last "$version=".
TEST_F(MqttTwin, JavaStaleVersionIs412) {
  const auto c = client({kResponses}, kDevice, 1);
  EXPECT_EQ(report(*c, R"({"a":1})", "$rid=5&$version=1"), one("q0 $iothub/twin/res/204/?$rid=5&$version=2 "));
  EXPECT_EQ(error(report(*c, R"({"a":2})", "$rid=6&$version=1")),
            "$iothub/twin/res/412/?$rid=6 412001 Precondition failed: Reported properties version did not match, "
            "existingVersion:2 newVersion:1");
  EXPECT_EQ(report(*c, R"({"a":2})", "$version=2&$rid=7"), one("q0 $iothub/twin/res/204/?$rid=7&$version=3 "));
}

// C counts its requests in decimal and reads the id back with atol.
TEST_F(MqttTwin, CDecimalRequestId) {
  const auto c = client({kResponses});
  EXPECT_EQ(report(*c, "{}", "$rid=65535"), one("q0 $iothub/twin/res/204/?$rid=65535&$version=2 "));
}

// C# matches "\$iothub/twin/res/(\d+)/(\?.+)" and takes the version of a change from its topic.
TEST_F(MqttTwin, CSharpParsesTopics) {
  const auto c = client({kResponses, kDesired}, kDevice, 1);
  EXPECT_EQ(report(*c, "{}", "$rid=2f8b"), one("q0 $iothub/twin/res/204/?$rid=2f8b&$version=2 "));
  desire(R"({"a":null})");
  EXPECT_EQ(sent(*c), one(R"(q1 $iothub/twin/PATCH/properties/desired/?$version=2 id=1 {"a":null,"$version":2})"));
  desire(R"({"b":1})");
  EXPECT_EQ(sent(*c), one(R"(q1 $iothub/twin/PATCH/properties/desired/?$version=3 id=2 {"b":1,"$version":3})"));
  EXPECT_EQ(c->send(puback_packet(1)), "");
}

TEST_F(MqttTwin, AfterAReplacementTheWholeSectionIsSent) {
  const auto c = client({kDesired});
  desire(R"({"a":1,"b":2})");
  desire(R"({"c":3})", kDevice, true);
  EXPECT_EQ(sent(*c), (Packets{R"(q0 $iothub/twin/PATCH/properties/desired/?$version=2 {"a":1,"b":2,"$version":2})",
                               R"(q0 $iothub/twin/PATCH/properties/desired/?$version=3 {"c":3,"$version":3})"}));
}

TEST_F(MqttTwin, Errors) {
  const auto c = client({kResponses});
  EXPECT_EQ(error(report(*c, "[1]")),
            "$iothub/twin/res/400/?$rid=1 400004 The reported properties must be a JSON object");
  EXPECT_EQ(error(report(*c, "")), "$iothub/twin/res/400/?$rid=1 400004 The JSON text is empty");
  EXPECT_EQ(error(report(*c, R"({"a.b":1})")),
            "$iothub/twin/res/400/?$rid=1 400004 Property or Tag name must not contain control characters, '.', '$' or "
            "space.");
  rig.twin_store.held = true;
  EXPECT_EQ(report(*c, "{}"), Packets{});
  rig.twin_store.finish_put(false);
  rig.shard.run_until_idle();
  EXPECT_EQ(error(sent(*c)), "$iothub/twin/res/503/?$rid=1 503001 The service is unavailable, try again later");
  EXPECT_FALSE(c->closed());
}

// §5.6: answered if there is somebody to answer to, else the connection ends.
TEST_F(MqttTwin, UnknownOperations) {
  const auto c = client({kResponses});
  for (const char* topic : {"PUT/?$rid=9", "PATCH/properties/desired/?$rid=9", "get/?$rid=9", "?/?$rid=9",
                            "PATCH/properties/reported/?$rid=9&$version=x"}) {
    EXPECT_EQ(error(ask(*c, topic)), "$iothub/twin/res/400/?$rid=9 400004 The twin request is not understood") << topic;
  }
  EXPECT_EQ(ask(*c, "PUT/?$rid=9", "", 1, 3).at(0), "PUBACK 3");
  for (const char* topic : {"GET/", "GET/?$rid=", "GET", "PATCH/properties/reported/?$version=1", ""}) {
    const auto other = client({kResponses});
    EXPECT_EQ(ask(*other, topic), Packets{});
    EXPECT_TRUE(other->closed()) << topic;
  }
}

TEST_F(MqttTwin, ARequestIdTooLongToAnswerEndsTheConnection) {
  const auto c = client({kResponses});
  const std::string rid(65535 - std::string("$iothub/twin/res/200/?$rid=").size(), 'r');
  EXPECT_EQ(get(*c, rid).size(), 1U);
  EXPECT_EQ(get(*c, rid + "r"), Packets{});
  EXPECT_TRUE(c->closed());
}

TEST_F(MqttTwin, WhoHasNotSubscribedToResponsesGetsNone) {
  const auto c = client({});
  EXPECT_EQ(get(*c), Packets{});
  EXPECT_EQ(ask(*c, "PATCH/properties/reported/?$rid=1", R"({"a":1})", 1, 5), Packets{"PUBACK 5"});
  c->send(subscribe_packet(1, {{kResponses, 0}}));
  EXPECT_NE(get(*c).at(0).find(R"("a":1)"), std::string::npos);
}

TEST_F(MqttTwin, AReportIsAnsweredWhenItIsOnDisk) {
  const auto c = client({kResponses});
  rig.twin_store.held = true;
  EXPECT_EQ(ask(*c, "PATCH/properties/reported/?$rid=1", R"({"a":1})", 1, 5), Packets{}) << "no PUBACK either";
  EXPECT_EQ(get(*c, "2"), Packets{}) << "the order of the requests is kept";
  rig.twin_store.held = false;
  rig.twin_store.finish_put();
  rig.shard.run_until_idle();
  EXPECT_EQ(sent(*c), (Packets{"PUBACK 5", "q0 $iothub/twin/res/204/?$rid=1&$version=2 ",
                               R"(q0 $iothub/twin/res/200/?$rid=2 {"desired":{"$version":1},)"
                               R"("reported":{"a":1,"$version":2}})"}));
}

TEST_F(MqttTwin, PubacksKeepTheOrderOfThePublishes) {
  const auto c = client({kResponses});
  c->send(publish_packet("devices/dev-1/messages/events/", "x", 1, 1));
  EXPECT_EQ(ask(*c, "PATCH/properties/reported/?$rid=1", "{}", 1, 2),
            one("q0 $iothub/twin/res/204/?$rid=1&$version=2 "))
      << "the response waits for nothing";
  rig.commit();
  EXPECT_EQ(sent(*c), (Packets{"PUBACK 1", "PUBACK 2"}));
  rig.twin_store.held = true;
  EXPECT_EQ(ask(*c, "PATCH/properties/reported/?$rid=1", "{}", 1, 3), Packets{});
  c->send(publish_packet("devices/dev-1/messages/events/", "x", 1, 4));
  rig.commit();
  EXPECT_EQ(sent(*c), Packets{});
  rig.twin_store.finish_put();
  rig.shard.run_until_idle();
  EXPECT_EQ(sent(*c), (Packets{"PUBACK 3", "PUBACK 4", "q0 $iothub/twin/res/204/?$rid=1&$version=3 "}));
}

// A document never comes before the notification of a change that it shows, nor behind one that it does not.
TEST_F(MqttTwin, DocumentsAndNotificationsComeInTheOrderOfVersions) {
  const auto c = client({kResponses, kDesired});
  rig.twin_store.held = true;
  desire(R"({"x":1})");
  EXPECT_EQ(get(*c, "a"), Packets{});
  desire(R"({"x":2})");
  while (rig.twin_store.waiting() > 0) {
    rig.twin_store.finish_put();
    rig.shard.run_until_idle();
  }
  EXPECT_EQ(sent(*c),
            (Packets{R"(q0 $iothub/twin/PATCH/properties/desired/?$version=2 {"x":1,"$version":2})",
                     R"(q0 $iothub/twin/res/200/?$rid=a {"desired":{"x":1,"$version":2},"reported":{"$version":1}})",
                     R"(q0 $iothub/twin/PATCH/properties/desired/?$version=3 {"x":2,"$version":3})"}));
}

// Node reads the twin first and subscribes then: what happens in between must not be lost.
TEST_F(MqttTwin, NodeMissesNothingBetweenItsGetAndItsSubscription) {
  const auto c = client({kResponses});
  desire(R"({"before":1})");
  EXPECT_EQ(get(*c).size(), 1U);
  desire(R"({"x":1})");
  desire(R"({"x":null})");
  EXPECT_EQ(sent(*c), Packets{});
  const Packets then = packets(c->send(subscribe_packet(1, {{kDesired, 0}})));
  EXPECT_EQ(then, (Packets{"packet 9", R"(q0 $iothub/twin/PATCH/properties/desired/?$version=3 {"x":1,"$version":3})",
                           R"(q0 $iothub/twin/PATCH/properties/desired/?$version=4 {"x":null,"$version":4})"}));
  desire(R"({"y":1})");
  EXPECT_EQ(sent(*c).size(), 1U);
  EXPECT_EQ(packets(c->send(subscribe_packet(2, {{kDesired, 0}}))), Packets{"packet 9"}) << "only once";
}

TEST_F(MqttTwin, WhatIsHeldBackIsBounded) {
  const auto c = client({kResponses});
  EXPECT_EQ(get(*c).size(), 1U);
  const std::string filler = R"({"f":")" + std::string(4000, 'x') + "\"}";
  for (size_t bytes = 0; bytes <= limits::kTwinHeldChangesBytesMax; bytes += filler.size()) desire(filler);
  desire(R"({"f":"last"})");
  const Packets then = packets(c->send(subscribe_packet(1, {{kDesired, 0}})));
  ASSERT_EQ(then.size(), 2U);
  EXPECT_TRUE(then[1].starts_with("q0 $iothub/twin/PATCH/properties/desired/?$version=")) << then[1];
  EXPECT_NE(then[1].find(R"( {"f":"last","$version":)"), std::string::npos) << "the whole section, once";
}

TEST_F(MqttTwin, NothingIsQueuedForWhoIsAway) {
  {
    MqttClient c(rig);
    EXPECT_EQ(c.connect(rig, kDevice), connack(0));
    c.send(subscribe_packet(1, {{kDesired, 0}}));
  }
  desire(R"({"x":1})");
  MqttClient c(rig);
  EXPECT_EQ(c.connect(rig, kDevice), connack(0, true));
  EXPECT_EQ(sent(c), Packets{});
  desire(R"({"x":2})");
  EXPECT_EQ(sent(c).size(), 1U) << "the stored subscription counts";
  c.send(unsubscribe_packet(2, {kDesired}));
  desire(R"({"x":3})");
  EXPECT_EQ(sent(c), Packets{});
}

TEST_F(MqttTwin, TooManyRequestsPauseReading) {
  const auto c = client({kResponses});
  rig.twin_store.held = true;
  for (size_t i = 0; i < limits::kMqttInflightTwinRequestsMax; ++i) {
    EXPECT_FALSE(c->transport.paused) << i;
    report(*c, "{}");
  }
  EXPECT_TRUE(c->transport.paused);
  rig.twin_store.held = false;
  rig.twin_store.finish_put();
  rig.shard.run_until_idle();
  EXPECT_FALSE(c->transport.paused);
  EXPECT_EQ(sent(*c).size(), limits::kMqttInflightTwinRequestsMax);
}

TEST_F(MqttTwin, AnAnswerForWhoIsGone) {
  auto c = client({kResponses});
  rig.twin_store.held = true;
  report(*c, R"({"a":1})");
  c->transport.drop();
  c.reset();
  rig.twin_store.finish_put();
  rig.shard.run_until_idle();
  rig.twin_store.held = false;
  EXPECT_NE(get(*client({kResponses})).at(0).find(R"("a":1)"), std::string::npos);
}

TEST_F(MqttTwin, TheModelIdOfTheConnectIsInTheTwinBeforeTheConnack) {
  const auto model = [&] {
    const std::string text = rig.twins.find(kDevice).value().body;
    const size_t at = text.find("\"modelId\":");
    return text.substr(at, text.find(',', at) - at);
  };
  ConnectSpec spec = rig.connect_spec(kDevice);
  spec.username = MqttRig::username(kDevice, "&model-id=dtmi:com:example:X;1");
  rig.twin_store.held = true;
  MqttClient first(rig);
  EXPECT_EQ(first.send(connect_packet(spec) + pingreq_packet()), "");
  rig.twin_store.finish_put();
  rig.shard.run_until_idle();
  EXPECT_EQ(first.transport.take_sent(), connack(0) + pingresp());
  EXPECT_EQ(model(), R"("modelId":"dtmi:com:example:X;1")");

  MqttClient again(rig);
  EXPECT_EQ(again.send(connect_packet(spec)), connack(0)) << "nothing to write";

  MqttClient failing(rig);
  EXPECT_EQ(failing.connect(rig, kDevice), "") << "the last connect had no model";
  rig.twin_store.finish_put(false);
  rig.shard.run_until_idle();
  EXPECT_EQ(failing.transport.take_sent(), connack(3));
  EXPECT_TRUE(failing.closed());

  rig.twin_store.held = false;
  MqttClient last(rig);
  EXPECT_EQ(last.connect(rig, kDevice, true), connack(0));
  EXPECT_EQ(model(), R"("modelId":"")");
}

}  // namespace
}  // namespace nave::front::mqtt
