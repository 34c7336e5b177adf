// How a connection ends: deadlines, takeover, changed identities, wills.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/mqtt/rig.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};
const std::string kTopic = "devices/dev-1/messages/events/";
constexpr int64_t kTick = TimerWheel::kTickMs;

class MqttLifetime : public testing::Test {
 protected:
  std::unique_ptr<MqttClient> client(ConnectSpec spec) {
    auto out = std::make_unique<MqttClient>(rig_);
    EXPECT_EQ(out->send(connect_packet(spec)), connack(0));
    return out;
  }
  std::unique_ptr<MqttClient> client(unsigned keep_alive_s = 240, int64_t token_lifetime_s = 86400) {
    ConnectSpec spec = rig_.connect_spec(kDevice);
    spec.keep_alive_s = keep_alive_s;
    spec.password = rig_.token(kDevice, token_lifetime_s);
    return client(spec);
  }
  ConnectSpec with_will(const std::string& topic = kTopic + "a=b") {
    ConnectSpec spec = rig_.connect_spec(kDevice);
    spec.will_topic = topic;
    spec.will_payload = "last words";
    spec.will_qos = 1;
    return spec;
  }
  std::vector<std::string> events() {
    rig_.commit();
    return rig_.events("dev-1");
  }
  // Open one tick before `ms`, closed one tick after.
  void expect_closes_after(const MqttClient& c, int64_t ms) {
    rig_.shard.advance(ms - kTick);
    EXPECT_FALSE(c.closed());
    rig_.shard.advance(2 * kTick);
    EXPECT_TRUE(c.closed());
  }

  MqttRig rig_;
};

TEST_F(MqttLifetime, PingIsAnswered) {
  EXPECT_EQ(client()->send(pingreq_packet() + pingreq_packet()), pingresp() + pingresp());
}

TEST_F(MqttLifetime, KeepAliveIsOneAndAHalfTimesThePromise) {
  const auto c = client(10);
  expect_closes_after(*c, 15'000);
  EXPECT_EQ(rig_.closed("keep_alive"), 1U);
  EXPECT_EQ(c->transport.take_sent(), "") << "no packet";
}

TEST_F(MqttLifetime, AnyPacketResetsKeepAlive) {
  const auto c = client(10);
  for (const std::string& packet : {pingreq_packet(), publish_packet(kTopic, "x"), puback_packet(5)}) {
    rig_.shard.advance(14'000);
    c->send(packet);
    EXPECT_FALSE(c->closed());
  }
  expect_closes_after(*c, 15'000);
}

TEST_F(MqttLifetime, HalfAPacketDoesNotResetKeepAlive) {
  const auto c = client(10);
  rig_.shard.advance(10'000);
  c->send(publish_packet(kTopic, "x").substr(0, 5));
  expect_closes_after(*c, 5'000);
}

TEST_F(MqttLifetime, KeepAliveIsCapped) {
  expect_closes_after(*client(1177), 1177 * 1500);
  expect_closes_after(*client(1179), limits::kMqttKeepAliveServerMsMax);
  expect_closes_after(*client(65535), limits::kMqttKeepAliveServerMsMax);
  expect_closes_after(*client(0), limits::kMqttKeepAliveServerMsMax);
}

TEST_F(MqttLifetime, WhoIsNotReadDoesNotTimeOut) {
  const auto c = client(1);
  for (size_t i = 0; i < limits::kMqttInflightPublishesMax; ++i) c->send(publish_packet(kTopic, "x"));
  ASSERT_TRUE(c->transport.paused);
  rig_.shard.advance(60'000);
  EXPECT_FALSE(c->closed());
  rig_.commit();
  EXPECT_FALSE(c->transport.paused);
  expect_closes_after(*c, 1'500);
}

TEST_F(MqttLifetime, TokenExpiryClosesAfterItsGrace) {
  const auto c = client(1000, 600);
  rig_.shard.advance(600'000);
  EXPECT_EQ(c->send(pingreq_packet()), pingresp());
  expect_closes_after(*c, limits::kMqttTokenExpiryGraceMs);
  EXPECT_EQ(rig_.closed("token_expired"), 1U);
  EXPECT_EQ(c->transport.take_sent(), "");
}

TEST_F(MqttLifetime, TokenExpiryIsNoticedAfterTheClockJumped) {
  const auto c = client(10, 86400);
  rig_.shard.clock.jump_utc(std::chrono::hours(48));
  for (int i = 0; i < 3 && !c->closed(); ++i) {
    c->send(pingreq_packet());
    rig_.shard.advance(10'000);
  }
  EXPECT_TRUE(c->closed());
  EXPECT_EQ(rig_.closed("token_expired"), 1U);
}

TEST_F(MqttLifetime, ATokenForEverDoesNotOverflow) {
  ConnectSpec spec = rig_.connect_spec(kDevice);
  spec.keep_alive_s = 10;
  spec.password = auth::make_sas(kHost + "/devices/dev-1", kKey, INT64_MAX, "");
  const auto c = client(spec);
  expect_closes_after(*c, 15'000);
  EXPECT_EQ(rig_.closed("keep_alive"), 1U);
}

TEST_F(MqttLifetime, NewConnectionTakesOver) {
  const auto older = client();
  const auto newer = client();
  EXPECT_TRUE(older->closed());
  EXPECT_EQ(older->transport.take_sent(), "");
  EXPECT_FALSE(newer->closed());
  EXPECT_EQ(rig_.closed("taken_over"), 1U);
  EXPECT_EQ(rig_.directory.connected_devices(), 1U);
  newer->send(publish_packet(kTopic, "x", 1, 1));
  rig_.commit();
  EXPECT_EQ(newer->transport.take_sent(), puback(1));
}

TEST_F(MqttLifetime, ChangedKeySparesWhoUsedTheOther) {
  const auto c = client();
  rig_.change_identity(kDevice,
                       [](hub::Identity& i) { i.authentication.secondary_key = "bmV3IGtleSBuZXcga2V5IG5ldyBrZXk="; });
  rig_.directory.reauthorize(*rig_.store.find(kDevice));
  rig_.shard.run_until_idle();
  EXPECT_FALSE(c->closed());
  rig_.change_identity(kDevice,
                       [](hub::Identity& i) { i.authentication.primary_key = "bmV3IGtleSBuZXcga2V5IG5ldyBrZXk="; });
  rig_.directory.reauthorize(*rig_.store.find(kDevice));
  rig_.shard.run_until_idle();
  EXPECT_TRUE(c->closed());
  EXPECT_EQ(rig_.closed("identity_changed"), 1U);
}

TEST_F(MqttLifetime, WillIsPublishedWhenTheConnectionBreaks) {
  const auto c = client(with_will());
  c->transport.drop();
  EXPECT_EQ(events(), std::vector<std::string>{"{}{a=b,iothub-MessageType=Will}last words"});
}

TEST_F(MqttLifetime, WillIsPublishedOnTimeoutProtocolErrorAndTakeover) {
  ConnectSpec spec = with_will();
  spec.keep_alive_s = 10;
  const auto first = client(spec);
  rig_.shard.advance(16'000);
  EXPECT_EQ(events().size(), 1U);
  client(with_will())->send(publish_packet("", ""));
  EXPECT_EQ(events().size(), 2U);
  const auto third = client(with_will());
  const auto fourth = client();
  EXPECT_EQ(events().size(), 3U);
}

TEST_F(MqttLifetime, WillIsNotPublishedAfterDisconnect) {
  client(with_will())->send(disconnect_packet());
  EXPECT_TRUE(events().empty());
}

TEST_F(MqttLifetime, WillOfAnIdentityThatLostItsRightIsNotPublished) {
  const auto c = client(with_will());
  rig_.directory.end(kDevice, hub::EndReason::kIdentityDisabled);
  rig_.shard.run_until_idle();
  EXPECT_TRUE(c->closed());
  EXPECT_TRUE(events().empty());
}

TEST_F(MqttLifetime, WillIsNotPublishedWhenTheServerStops) {
  client(with_will())->transport.drop(net::CloseReason::kShutdown);
  EXPECT_TRUE(events().empty());
  EXPECT_EQ(rig_.closed("shutdown"), 1U);
}

TEST_F(MqttLifetime, WillsOnOtherTopicsAreIgnored) {
  for (const std::string topic : {"last/will", "devices/dev-2/messages/events/", "$iothub/twin/GET/?$rid=1"}) {
    client(with_will(topic))->transport.drop();
  }
  EXPECT_TRUE(events().empty());
}

TEST_F(MqttLifetime, RetainedWillSaysSo) {
  ConnectSpec spec = with_will(kTopic + "iothub-MessageType=forged");
  spec.will_retain = true;
  client(spec)->transport.drop();
  EXPECT_EQ(events(), std::vector<std::string>{"{}{iothub-MessageType=Will,mqtt-retain=true}last words"});
}

TEST_F(MqttLifetime, NothingAfterDisconnectCounts) {
  const auto c = client();
  c->send(disconnect_packet() + publish_packet(kTopic, "x"));
  EXPECT_TRUE(c->closed());
  EXPECT_TRUE(events().empty());
}

TEST_F(MqttLifetime, EveryReasonOfTheTransportIsCounted) {
  client()->transport.drop(net::CloseReason::kPeer);
  client()->transport.drop(net::CloseReason::kOverload);
  client()->transport.drop(net::CloseReason::kProtocol);
  EXPECT_EQ(rig_.closed("peer_gone"), 1U);
  EXPECT_EQ(rig_.closed("overload"), 1U);
  EXPECT_EQ(rig_.closed("transport"), 1U);
  EXPECT_EQ(rig_.directory.connected_devices(), 0U);
}

}  // namespace
}  // namespace nave::front::mqtt
