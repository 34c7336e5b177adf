// PUBLISH: what reaches the log, when it is acknowledged, and what closes the connection.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/mqtt/rig.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};
const std::string kTopic = "devices/dev-1/messages/events/";

class MqttTelemetry : public testing::Test {
 protected:
  MqttTelemetry() : client_(rig_) { EXPECT_EQ(client_.connect(rig_, kDevice), connack(0)); }

  // Sends what must close the connection without an answer.
  void expect_closed(const std::string& packet, const std::string& reason) {
    EXPECT_EQ(client_.send(packet), "");
    EXPECT_TRUE(client_.closed());
    EXPECT_EQ(rig_.closed(reason), 1U);
    EXPECT_FALSE(rig_.directory.presence(kDevice));
  }

  MqttRig rig_;
  MqttClient client_;
};

TEST_F(MqttTelemetry, PubackOnlyWhenDurable) {
  EXPECT_EQ(client_.send(publish_packet(kTopic + "a=b&%24.mid=m", "body", 1, 7)), "");
  rig_.commit();
  EXPECT_EQ(client_.transport.take_sent(), puback(7));
  EXPECT_EQ(rig_.events("dev-1"), std::vector<std::string>{"{1=m}{a=b}body"});
}

TEST_F(MqttTelemetry, Qos0IsStoredAndNotAcknowledged) {
  client_.send(publish_packet(kTopic, "body"));
  rig_.commit();
  EXPECT_EQ(client_.transport.take_sent(), "");
  EXPECT_EQ(rig_.events("dev-1"), std::vector<std::string>{"{}{}body"});
}

TEST_F(MqttTelemetry, PubacksInTheOrderOfThePublishes) {
  std::string all;
  std::string acknowledgements;
  for (const unsigned id : {9U, 3U, 65535U, 1U, 9U}) {
    all += publish_packet(kTopic, "x", 1, id) + publish_packet(kTopic, "unacknowledged");
    acknowledgements += puback(id);
  }
  client_.send(all);
  rig_.commit();
  EXPECT_EQ(client_.transport.take_sent(), acknowledgements);
}

TEST_F(MqttTelemetry, EmptyBody) {
  client_.send(publish_packet(kTopic, "", 1, 1));
  rig_.commit();
  EXPECT_EQ(rig_.events("dev-1"), std::vector<std::string>{"{}{}"});
}

TEST_F(MqttTelemetry, RetainBecomesAPropertyAndDupIsIgnored) {
  client_.send(publish_packet(kTopic + "a=b", "1", 1, 1, true) + publish_packet(kTopic, "2", 1, 2, false, true));
  rig_.commit();
  EXPECT_EQ(client_.transport.take_sent(), puback(1) + puback(2));
  EXPECT_EQ(rig_.events("dev-1"), (std::vector<std::string>{"{}{a=b,mqtt-retain=true}1", "{}{}2"}));
}

TEST_F(MqttTelemetry, Qos2Closes) {
  expect_closed(publish_packet(kTopic, "x", 2, 1), "qos2");
}

TEST_F(MqttTelemetry, ForeignTopicCloses) {
  expect_closed(publish_packet("devices/dev-2/messages/events/", "x", 1, 1), "topic");
  rig_.commit();
  EXPECT_TRUE(rig_.events("dev-2").empty());
}

TEST_F(MqttTelemetry, UnknownTopicCloses) {
  expect_closed(publish_packet("my/own/topic", "x", 1, 1), "topic");
}

TEST_F(MqttTelemetry, MalformedPacketCloses) {
  expect_closed(publish_packet("", "x"), "protocol");
}

TEST_F(MqttTelemetry, LargestMessage) {
  client_.send(publish_packet(kTopic, std::string(limits::kD2cMessageBytesMax, 'x'), 1, 1));
  rig_.commit();
  EXPECT_EQ(client_.transport.take_sent(), puback(1));
  expect_closed(publish_packet(kTopic, std::string(limits::kD2cMessageBytesMax + 1, 'x'), 1, 2), "message_too_large");
}

TEST_F(MqttTelemetry, PropertiesCountTowardsTheSize) {
  client_.send(publish_packet(kTopic + "ab=cd", std::string(limits::kD2cMessageBytesMax - 4, 'x'), 1, 1));
  rig_.commit();
  EXPECT_EQ(client_.transport.take_sent(), puback(1));
  expect_closed(publish_packet(kTopic + "ab=cd", std::string(limits::kD2cMessageBytesMax - 3, 'x'), 1, 2),
                "message_too_large");
}

TEST_F(MqttTelemetry, PacketBeyondEveryLimitClosesAtItsHeader) {
  expect_closed(publish_packet(kTopic, std::string(limits::kMqttPacketBytesMax, 'x'), 1, 1).substr(0, 8), "protocol");
}

TEST_F(MqttTelemetry, LogThatIsFullClosesAndKeepsEarlierAcknowledgements) {
  client_.send(publish_packet(kTopic, "stored", 1, 1));
  rig_.log.refuse = true;
  expect_closed(publish_packet(kTopic, "x", 1, 2), "throttled");
  rig_.commit();
  EXPECT_EQ(rig_.events("dev-1"), std::vector<std::string>{"{}{}stored"});
}

TEST_F(MqttTelemetry, LogThatFailsNeverAcknowledges) {
  rig_.log.fail = true;
  client_.send(publish_packet(kTopic, "x", 1, 1) + publish_packet(kTopic, "x", 1, 2));
  rig_.log.report_failures();
  rig_.shard.run_until_idle();
  EXPECT_EQ(client_.transport.take_sent(), "");
  EXPECT_TRUE(client_.closed());
  EXPECT_EQ(rig_.closed("storage"), 1U);
}

TEST_F(MqttTelemetry, WhatBecomesDurableAfterTheCloseIsKeptSilently) {
  client_.send(publish_packet(kTopic, "x", 1, 1));
  client_.transport.drop();
  rig_.commit();
  EXPECT_EQ(client_.transport.take_sent(), "");
  EXPECT_EQ(rig_.events("dev-1").size(), 1U);
}

TEST_F(MqttTelemetry, ReadingPausesAtTheInflightCountAndGoesOnBelow) {
  for (size_t i = 1; i < limits::kMqttInflightPublishesMax; ++i) client_.send(publish_packet(kTopic, "x", 1, 1));
  EXPECT_FALSE(client_.transport.paused);
  client_.send(publish_packet(kTopic, "x"));
  EXPECT_TRUE(client_.transport.paused);
  rig_.commit();
  EXPECT_FALSE(client_.transport.paused);
}

TEST_F(MqttTelemetry, ReadingPausesAtTheInflightBytesAndGoesOnBelow) {
  const std::string body(limits::kMqttInflightBytesMax / 16 - kTopic.size(), 'x');
  for (int i = 0; i < 15; ++i) client_.send(publish_packet(kTopic, body, 1, 1));
  EXPECT_FALSE(client_.transport.paused);
  client_.send(publish_packet(kTopic, body, 1, 1));
  EXPECT_TRUE(client_.transport.paused);
  rig_.commit();
  EXPECT_FALSE(client_.transport.paused);
}

TEST_F(MqttTelemetry, ReadingPausesWhileThePeerDoesNotTakeItsAnswers) {
  client_.transport.stalled = true;
  client_.transport.unsent = limits::kUnsentBytesHigh - 2;
  client_.send(pingreq_packet());
  EXPECT_FALSE(client_.transport.paused);
  client_.send(pingreq_packet());
  EXPECT_TRUE(client_.transport.paused);
  client_.transport.drain();
  EXPECT_FALSE(client_.transport.paused);
}

TEST_F(MqttTelemetry, LastActivityIsNoted) {
  const UtcTime connected = rig_.directory.presence(kDevice)->last_activity;
  rig_.shard.advance(5000);
  client_.send(pingreq_packet());
  EXPECT_EQ(rig_.directory.presence(kDevice)->last_activity, connected) << "a ping is no activity";
  client_.send(publish_packet(kTopic, "x"));
  EXPECT_EQ(rig_.directory.presence(kDevice)->last_activity, rig_.shard.clock.utc());
}

TEST_F(MqttTelemetry, ModuleAndDeviceAreSeparate) {
  MqttClient module(rig_);
  ASSERT_EQ(module.connect(rig_, {"dev-1", "mod-1"}), connack(0));
  module.send(publish_packet("devices/dev-1/modules/mod-1/messages/events//", "from module", 1, 1));
  rig_.commit();
  EXPECT_EQ(module.transport.take_sent(), puback(1));
  EXPECT_EQ(client_.transport.take_sent(), "");
  EXPECT_FALSE(client_.closed());
  EXPECT_EQ(rig_.events("dev-1"), std::vector<std::string>{"{}{}from module"});
}

}  // namespace
}  // namespace nave::front::mqtt
