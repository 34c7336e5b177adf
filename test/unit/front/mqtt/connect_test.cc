// CONNECT: who is let in, and what the others are told.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/mqtt/rig.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};
const IdentityKey kModule{"dev-1", "mod-1"};

class MqttConnect : public testing::Test {
 protected:
  // What the hub answers to one CONNECT; the connection must be closed exactly when it refuses.
  std::string answer(const ConnectSpec& spec) {
    MqttClient client(rig_);
    const std::string out = client.send(connect_packet(spec));
    EXPECT_EQ(client.closed(), out != connack(0));
    return out;
  }
  MqttRig rig_;
};

TEST_F(MqttConnect, DeviceAndModuleGetIn) {
  EXPECT_EQ(answer(rig_.connect_spec(kDevice)), connack(0));
  EXPECT_EQ(answer(rig_.connect_spec(kModule)), connack(0));
  EXPECT_EQ(rig_.connects("accepted"), 2U);
}

TEST_F(MqttConnect, HostNamesOfTheHub) {
  ConnectSpec spec = rig_.connect_spec(kDevice);
  for (const std::string_view host : {"HUB1.example.TEST", "gateway.local", "Gateway.Local"}) {
    spec.username = std::string(host) + "/dev-1/?api-version=2020-09-30";
    EXPECT_EQ(answer(spec), connack(0)) << host;
  }
  spec.username = "hub2.example.test/dev-1/?api-version=2020-09-30";
  EXPECT_EQ(answer(spec), connack(5));
}

TEST_F(MqttConnect, WhatMustBeThere) {
  ConnectSpec spec = rig_.connect_spec(kDevice);
  spec.username.reset();
  spec.password.reset();
  EXPECT_EQ(answer(spec), connack(5)) << "no user name";
  spec = rig_.connect_spec(kDevice);
  spec.client_id = "";
  EXPECT_EQ(answer(spec), connack(5)) << "no client id";
  spec = rig_.connect_spec(kDevice);
  spec.password.reset();
  EXPECT_EQ(answer(spec), connack(5)) << "no password";
  spec.password = "";
  EXPECT_EQ(answer(spec), connack(5)) << "an empty password";
  spec = rig_.connect_spec(kDevice);
  spec.username = kHost;
  EXPECT_EQ(answer(spec), connack(5)) << "no device in the user name";
  EXPECT_EQ(rig_.connects("refused5"), 5U);
  EXPECT_EQ(rig_.closed("refused"), 5U);
}

TEST_F(MqttConnect, ClientIdMustEqualTheUserNamesIdExactly) {
  for (const std::string_view id : {"DEV-1", "dev-2", "dev-1/", "dev-1/mod-1"}) {
    ConnectSpec spec = rig_.connect_spec(kDevice);
    spec.client_id = id;
    EXPECT_EQ(answer(spec), connack(5)) << id;
  }
}

TEST_F(MqttConnect, TokensThatDoNotFit) {
  const auto with_token = [&](const std::string& token) {
    ConnectSpec spec = rig_.connect_spec(kDevice);
    spec.password = token;
    return answer(spec);
  };
  EXPECT_EQ(with_token(rig_.token({"dev-2", ""})), connack(5)) << "of another device";
  EXPECT_EQ(with_token(rig_.token(kModule)), connack(5)) << "of a module";
  EXPECT_EQ(with_token(rig_.token(kDevice, -limits::kSasClockSkewSeconds - 1)), connack(5)) << "expired";
  EXPECT_EQ(with_token(rig_.token(kDevice, -limits::kSasClockSkewSeconds)), connack(0)) << "expired within the skew";
  EXPECT_EQ(with_token("garbage"), connack(5));
  EXPECT_EQ(with_token(rig_.token(kDevice) + "x"), connack(5));
  EXPECT_EQ(with_token(rig_.policy_token("device")), connack(0));
  EXPECT_EQ(with_token(rig_.policy_token("service")), connack(5)) << "lacks DeviceConnect";
}

TEST_F(MqttConnect, IdentitiesThatMayNotConnect) {
  EXPECT_EQ(answer(rig_.connect_spec({"nobody", ""})), connack(5));
  EXPECT_EQ(answer(rig_.connect_spec({"dev-1", "nobody"})), connack(5));
  rig_.change_identity(kDevice, [](hub::Identity& i) { i.enabled = false; });
  EXPECT_EQ(answer(rig_.connect_spec(kDevice)), connack(5));
  EXPECT_EQ(answer(rig_.connect_spec(kModule)), connack(5)) << "a module of a disabled device";
}

TEST_F(MqttConnect, ChangeBetweenCheckAndClaimIsNotMissed) {
  // The second look-up of the identity is the one after the session was claimed.
  int lookups = 0;
  rig_.store.before_find = [&] {
    if (++lookups != 2) return;
    rig_.change_identity(kDevice, [](hub::Identity& i) { i.enabled = false; });
  };
  EXPECT_EQ(answer(rig_.connect_spec(kDevice)), connack(5));
  EXPECT_GE(lookups, 2);
  EXPECT_FALSE(rig_.directory.presence(kDevice));
}

TEST_F(MqttConnect, AuthChainIsRefused) {
  ConnectSpec spec = rig_.connect_spec(kDevice);
  spec.username = rig_.username(kDevice, "&auth-chain=dev-1%3Bedge-1");
  EXPECT_EQ(answer(spec), connack(5));
}

TEST_F(MqttConnect, OtherProtocolVersionsGetOne) {
  ConnectSpec spec = rig_.connect_spec(kDevice);
  spec.level = 5;
  EXPECT_EQ(answer(spec), connack(1));
  spec = rig_.connect_spec(kDevice);
  spec.protocol = "MQIsdp";
  spec.level = 3;
  EXPECT_EQ(answer(spec), connack(1));
  EXPECT_EQ(rig_.connects("refused1"), 2U);
}

TEST_F(MqttConnect, MustComeFirst) {
  for (const std::string& first : {pingreq_packet(), disconnect_packet(), publish_packet("t", ""),
                                   subscribe_packet(1, {{"$iothub/methods/POST/#", 0}})}) {
    MqttClient client(rig_);
    EXPECT_EQ(client.send(first), "");
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(rig_.closed("protocol"), 4U);
}

TEST_F(MqttConnect, ABrowserThatStrayedHereGoesAtItsFirstByte) {
  MqttClient client(rig_);
  EXPECT_EQ(client.send("G"), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(MqttConnect, MustComeInTime) {
  MqttClient client(rig_);
  client.send(connect_packet(rig_.connect_spec(kDevice)).substr(0, 20));
  rig_.shard.advance(limits::kMqttConnectArrivalMs - TimerWheel::kTickMs);
  EXPECT_FALSE(client.closed());
  rig_.shard.advance(2 * TimerWheel::kTickMs);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(rig_.closed("no_connect"), 1U);
}

TEST_F(MqttConnect, MustNotBeTooLarge) {
  ConnectSpec spec = rig_.connect_spec(kDevice);
  spec.will_topic = "ignored";
  const size_t size = connect_packet(spec).size();
  spec.will_payload.assign(limits::kMqttConnectBytesMax - size, 'x');
  ASSERT_EQ(connect_packet(spec).size(), limits::kMqttConnectBytesMax);
  EXPECT_EQ(answer(spec), connack(0));
  spec.will_payload += 'x';
  MqttClient client(rig_);
  EXPECT_EQ(client.send(connect_packet(spec)), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(MqttConnect, OnlyOnce) {
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  EXPECT_EQ(client.send(connect_packet(rig_.connect_spec(kDevice))), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(rig_.closed("protocol"), 1U);
}

TEST_F(MqttConnect, PacketsBehindConnectAreHandledInOrder) {
  MqttClient client(rig_);
  const std::string out =
      client.send(connect_packet(rig_.connect_spec(kDevice)) + subscribe_packet(1, {{"$iothub/methods/POST/#", 0}}) +
                  publish_packet("devices/dev-1/messages/events/", "early", 1, 2) + pingreq_packet());
  EXPECT_EQ(out.substr(0, 4), connack(0));
  EXPECT_NE(out.find(suback(1, std::string(1, '\0'))), std::string::npos);
  EXPECT_NE(out.find(pingresp()), std::string::npos);
  rig_.commit();
  EXPECT_EQ(client.transport.take_sent(), puback(2));
  EXPECT_EQ(rig_.events("dev-1"), std::vector<std::string>{"{}{}early"});
}

TEST_F(MqttConnect, NothingBehindARefusedConnectCounts) {
  ConnectSpec spec = rig_.connect_spec(kDevice);
  spec.password = "garbage";
  MqttClient client(rig_);
  EXPECT_EQ(client.send(connect_packet(spec) + publish_packet("devices/dev-1/messages/events/", "x", 1, 1)),
            connack(5));
  rig_.commit();
  EXPECT_TRUE(rig_.events("dev-1").empty());
}

TEST_F(MqttConnect, PresenceFollowsTheConnection) {
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  ASSERT_TRUE(rig_.directory.presence(kDevice));
  EXPECT_EQ(rig_.directory.connected_devices(), 1U);
  client.send(disconnect_packet());
  EXPECT_FALSE(rig_.directory.presence(kDevice));
  EXPECT_EQ(rig_.closed("disconnect"), 1U);
}

TEST_F(MqttConnect, WhatTheConnectionSaysAboutItselfIsOnEveryMessage) {
  ConnectSpec spec = rig_.connect_spec(kModule);
  spec.username = rig_.username(kModule, "&model-id=dtmi:com:example:X;1");
  MqttClient client(rig_);
  client.send(connect_packet(spec));
  client.send(publish_packet("devices/dev-1/modules/mod-1/messages/events/%24.cdid=liar", "x"));
  rig_.commit();
  std::string bytes;
  rig_.log.read(rig_.ingest.partition_of_device("dev-1"), SequenceNumber{0}, 1, 1000, rig_.shard.executor,
                [&](const auto& batch) { bytes = batch.value().events.at(0).payload; });
  rig_.shard.run_until_idle();
  hub::EventView event;
  ASSERT_TRUE(hub::decode_event(bytes, event));
  using hub::SystemProperty;
  EXPECT_EQ(event.find(SystemProperty::kConnectionDeviceId), "dev-1");
  EXPECT_EQ(event.find(SystemProperty::kConnectionModuleId), "mod-1");
  EXPECT_EQ(event.find(SystemProperty::kAuthMethod),
            R"({"scope":"module","type":"sas","issuer":"iothub","acceptingIpFilterRule":null})");
  EXPECT_EQ(event.find(SystemProperty::kAuthGenerationId), "637375045610235418");
  EXPECT_EQ(event.find(SystemProperty::kModelId), "dtmi:com:example:X;1");
  EXPECT_EQ(event.find(SystemProperty::kMessageSource), "Telemetry");
}

}  // namespace
}  // namespace nave::front::mqtt
