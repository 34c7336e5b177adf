// Faults that a device asks for, and what becomes of its MQTT connection.
#include <gtest/gtest.h>

#include "unit/front/mqtt/rig.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};
const std::string kTopic = "devices/dev-1/messages/events/";
constexpr int64_t kTick = TimerWheel::kTickMs;

std::string fault(const std::string& type, int delay_s = 1, int duration_s = 10) {
  return kTopic + "AzIoTHub_FaultOperationType=" + type + "&AzIoTHub_FaultOperationCloseReason=byebye" +
         "&AzIoTHub_FaultOperationDelayInSecs=" + std::to_string(delay_s) +
         "&AzIoTHub_FaultOperationDurationInSecs=" + std::to_string(duration_s);
}

class MqttFaults : public testing::Test {
 protected:
  MqttFaults() {
    rig_.allow_faults();
    connect();
  }
  void connect() {
    client_ = std::make_unique<MqttClient>(rig_);
    ASSERT_EQ(client_->connect(rig_, kDevice), connack(0));
  }
  // Asks, and sees the message stored and acknowledged like any other.
  void ask(const std::string& topic) {
    client_->send(publish_packet(topic, "fault", 1, 7));
    rig_.commit();
    EXPECT_EQ(client_->transport.take_sent(), puback(7));
  }
  [[nodiscard]] bool gone() const { return client_->transport.closed || client_->transport.aborted; }

  MqttRig rig_;
  std::unique_ptr<MqttClient> client_;
};

TEST_F(MqttFaults, KillTcpResetsAfterTheDelay) {
  ask(fault("KillTcp"));
  rig_.shard.advance(1000 - kTick);
  EXPECT_FALSE(gone());
  rig_.shard.advance(2 * kTick);
  EXPECT_TRUE(client_->transport.aborted);
  EXPECT_FALSE(client_->transport.closed);
  EXPECT_FALSE(rig_.directory.presence(kDevice));
  EXPECT_EQ(rig_.closed("injected_fault"), 1U);
  EXPECT_EQ(rig_.events("dev-1").size(), 1U) << "the request is telemetry too";
  connect();
}

TEST_F(MqttFaults, ShutDownMqttClosesInOrder) {
  ask(fault("ShutDownMqtt"));
  rig_.shard.advance(1000 + kTick);
  EXPECT_TRUE(client_->transport.closed);
  EXPECT_EQ(client_->transport.take_sent(), "") << "MQTT 3.1.1 has no packet for it";
}

TEST_F(MqttFaults, TheConnectionMayBeGoneBeforeTheDelay) {
  ask(fault("KillTcp"));
  client_->send(disconnect_packet());
  connect();
  rig_.shard.advance(2000);
  EXPECT_FALSE(gone()) << "the new connection did not ask";
}

TEST_F(MqttFaults, FaultsOfAmqpDoNothing) {
  ask(fault("KillAmqpConnection"));
  ask(fault("ShutDownAmqp"));
  rig_.shard.advance(2000);
  EXPECT_FALSE(gone());
}

TEST_F(MqttFaults, ThrottledTelemetryClosesUntilItIsOver) {
  ask(fault("InvokeThrottling", 0, 10));
  client_->send(publish_packet(kTopic, "x", 1, 8));
  EXPECT_TRUE(client_->closed());
  EXPECT_EQ(rig_.closed("throttled"), 1U);
  rig_.shard.advance(10'000);
  connect();
  client_->send(publish_packet(kTopic, "x", 1, 8));
  rig_.commit();
  EXPECT_EQ(client_->transport.take_sent(), puback(8));
}

TEST_F(MqttFaults, ThrottledTwinRequestsAreAnsweredWith429) {
  client_->send(subscribe_packet(1, {{"$iothub/twin/res/#", 0}}));
  ask(fault("InvokeThrottling", 0, 10));
  const std::string got = client_->send(publish_packet("$iothub/twin/GET/?$rid=1", "")) +
                          client_->send(publish_packet("$iothub/twin/PATCH/properties/reported/?$rid=2", "{}"));
  EXPECT_NE(got.find("$iothub/twin/res/429/?$rid=1{\"errorCode\":429001,"), std::string::npos) << got;
  EXPECT_NE(got.find("$iothub/twin/res/429/?$rid=2{\"errorCode\":429001,"), std::string::npos) << got;
  rig_.shard.advance(10'000);
  EXPECT_NE(client_->send(publish_packet("$iothub/twin/GET/?$rid=3", "")).find("res/200/?$rid=3"), std::string::npos);
}

TEST_F(MqttFaults, TheQuotaClosesToo) {
  ask(fault("InvokeMaxMessageQuota", 0, 10));
  client_->send(publish_packet(kTopic, "x", 1, 8));
  EXPECT_TRUE(client_->closed());
  EXPECT_EQ(rig_.closed("quota_exceeded"), 1U);
}

TEST_F(MqttFaults, AnAuthErrorClosesAndRefusesUntilItIsOver) {
  ask(fault("InvokeAuthError", 1, 10));
  rig_.shard.advance(1000 + kTick);
  EXPECT_TRUE(client_->closed());
  MqttClient refused(rig_);
  EXPECT_EQ(refused.connect(rig_, kDevice), connack(5));
  MqttClient other(rig_);
  EXPECT_EQ(other.connect(rig_, {"dev-1", "mod-1"}), connack(0)) << "another identity";
  rig_.shard.advance(10'000);
  connect();
}

TEST(MqttFaultsOff, TheMessageIsPlainTelemetry) {
  MqttRig rig;
  MqttClient client(rig);
  client.connect(rig, kDevice);
  client.send(publish_packet(fault("KillTcp", 0), "x", 1, 1));
  client.send(publish_packet(fault("InvokeThrottling", 0), "x", 1, 2));
  rig.shard.advance(5000);
  rig.commit();
  EXPECT_EQ(client.transport.take_sent(), puback(1) + puback(2));
  EXPECT_FALSE(client.closed() || client.transport.aborted);
  EXPECT_EQ(rig.events("dev-1").size(), 2U);
}

}  // namespace
}  // namespace nave::front::mqtt
