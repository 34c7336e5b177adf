// SUBSCRIBE, UNSUBSCRIBE and the sessions that remember them.
#include <gtest/gtest.h>

#include "unit/front/mqtt/rig.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};
const IdentityKey kModule{"dev-1", "mod-1"};
const std::string kC2d = "devices/dev-1/messages/devicebound/#";
const std::string kMethods = "$iothub/methods/POST/#";

class MqttSubscribe : public testing::Test {
 protected:
  MqttRig rig_;
};

TEST_F(MqttSubscribe, GrantsTheQosAskedForButNeverTwo) {
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  EXPECT_EQ(client.send(subscribe_packet(7, {{kC2d, 2}, {"$iothub/twin/res/#", 0}, {kMethods, 1}})),
            suback(7, std::string("\x01\x00\x01", 3)));
  EXPECT_EQ(rig_.store.load_mqtt_session(kDevice), (hub::MqttSession{.filters = 0x51, .qos1 = 0x41}));
}

TEST_F(MqttSubscribe, UnsupportedFilterClosesWithoutSuback) {
  for (const std::string filter : {"#", "devices/dev-2/messages/devicebound/#", "$iothub/twin/#", "my/topic"}) {
    MqttClient client(rig_);
    client.connect(rig_, kDevice);
    EXPECT_EQ(client.send(subscribe_packet(1, {{kC2d, 1}, {filter, 1}})), "") << filter;
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(rig_.closed("filter"), 4U);
  EXPECT_FALSE(rig_.store.load_mqtt_session(kDevice));
}

TEST_F(MqttSubscribe, FiveSubscriptionsAndNotSix) {
  const std::string prefix = "devices/dev-1/modules/mod-1/";
  MqttClient client(rig_);
  client.connect(rig_, kModule);
  EXPECT_EQ(client.send(subscribe_packet(1, {{prefix + "messages/devicebound/#", 1},
                                             {prefix + "inputs/#", 1},
                                             {"$iothub/twin/res/#", 0},
                                             {"$iothub/twin/PATCH/properties/desired/#", 0},
                                             {kMethods, 0}})),
            suback(1, std::string("\x01\x01\x00\x00\x00", 5)));
  EXPECT_EQ(client.send(subscribe_packet(2, {{prefix + "inputs/#", 1}})), suback(2, "\x01")) << "not a sixth";
  EXPECT_EQ(client.send(subscribe_packet(3, {{prefix + "#", 1}})), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(rig_.closed("too_many_subscriptions"), 1U);
}

TEST_F(MqttSubscribe, SubackWaitsForTheDisk) {
  rig_.store.held = true;
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  EXPECT_EQ(client.send(subscribe_packet(1, {{kC2d, 1}})), "");
  EXPECT_EQ(client.send(pingreq_packet()), pingresp()) << "others do not wait";
  rig_.store.finish_save();
  rig_.shard.run_until_idle();
  EXPECT_EQ(client.transport.take_sent(), suback(1, "\x01"));
}

TEST_F(MqttSubscribe, SubacksKeepTheirOrderBehindASave) {
  rig_.store.held = true;
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  client.send(subscribe_packet(1, {{kC2d, 1}}));
  client.send(subscribe_packet(2, {{kMethods, 0}}));
  client.send(unsubscribe_packet(3, {kMethods}));
  ASSERT_EQ(rig_.store.waiting(), 1U);
  rig_.store.finish_save();
  rig_.shard.run_until_idle();
  // What is stored is what the last of them asked for, so all three are true now.
  EXPECT_EQ(client.transport.take_sent(), suback(1, "\x01") + suback(2, std::string(1, '\0')) + unsuback(3));
  EXPECT_EQ(rig_.store.waiting(), 0U);
}

TEST_F(MqttSubscribe, RepetitionIsNotWrittenAgain) {
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  EXPECT_EQ(client.send(subscribe_packet(1, {{kC2d, 1}})), suback(1, "\x01"));
  EXPECT_EQ(rig_.store.session_saves, 1U);
  EXPECT_EQ(client.send(subscribe_packet(2, {{kC2d, 1}})), suback(2, "\x01"));
  EXPECT_EQ(rig_.store.session_saves, 1U);
  EXPECT_EQ(client.send(subscribe_packet(3, {{kC2d, 0}})), suback(3, std::string(1, '\0')));
  EXPECT_EQ(rig_.store.session_saves, 2U);
}

TEST_F(MqttSubscribe, StoreThatFailsCloses) {
  rig_.store.held = true;
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  client.send(subscribe_packet(1, {{kC2d, 1}}));
  rig_.store.finish_save(false);
  rig_.shard.run_until_idle();
  EXPECT_EQ(client.transport.take_sent(), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(rig_.closed("storage"), 1U);
}

TEST_F(MqttSubscribe, SaveThatEndsAfterTheConnectionIsHarmless) {
  rig_.store.held = true;
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  client.send(subscribe_packet(1, {{kC2d, 1}}));
  client.transport.drop();
  EXPECT_EQ(client.transport.handler(), nullptr);
  rig_.store.finish_save();
  rig_.shard.run_until_idle();
  EXPECT_EQ(client.transport.take_sent(), "");
}

TEST_F(MqttSubscribe, ReadingPausesWhileTooManyAcknowledgementsWait) {
  rig_.store.held = true;
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  client.send(subscribe_packet(1, {{kC2d, 1}}));
  for (int i = 0; i < 1100 && !client.transport.paused; ++i) client.send(subscribe_packet(2, {{kC2d, 1}}));
  EXPECT_TRUE(client.transport.paused);
  rig_.store.finish_save();
  rig_.shard.run_until_idle();
  EXPECT_FALSE(client.transport.paused);
}

TEST_F(MqttSubscribe, UnsubscribeAnswersWhateverItNames) {
  MqttClient client(rig_);
  client.connect(rig_, kDevice);
  client.send(subscribe_packet(1, {{kC2d, 1}, {kMethods, 0}}));
  EXPECT_EQ(client.send(unsubscribe_packet(2, {kC2d, "never/subscribed/#"})), unsuback(2));
  EXPECT_EQ(rig_.store.load_mqtt_session(kDevice), (hub::MqttSession{.filters = 0x40}));
  EXPECT_EQ(client.send(unsubscribe_packet(3, {kMethods})), unsuback(3));
  EXPECT_FALSE(rig_.store.load_mqtt_session(kDevice)) << "nothing is left to remember";
}

TEST_F(MqttSubscribe, SessionPresentWithCleanSession0) {
  {
    MqttClient first(rig_);
    EXPECT_EQ(first.connect(rig_, kDevice), connack(0, false));
    first.send(disconnect_packet());
  }
  {
    MqttClient second(rig_);
    EXPECT_EQ(second.connect(rig_, kDevice), connack(0, false)) << "an empty session is none";
    second.send(subscribe_packet(1, {{kC2d, 1}}));
    second.transport.drop();
  }
  MqttClient third(rig_);
  EXPECT_EQ(third.connect(rig_, kDevice), connack(0, true));
  EXPECT_EQ(third.send(subscribe_packet(1, {{kC2d, 1}})), suback(1, "\x01")) << "C# waits for it";
  EXPECT_EQ(rig_.store.session_saves, 1U);
}

TEST_F(MqttSubscribe, CleanSession1ForgetsBeforeItAnswers) {
  {
    MqttClient first(rig_);
    first.connect(rig_, kDevice);
    first.send(subscribe_packet(1, {{kC2d, 1}}) + disconnect_packet());
  }
  rig_.store.held = true;
  MqttClient second(rig_);
  ConnectSpec spec = rig_.connect_spec(kDevice);
  spec.clean = true;
  EXPECT_EQ(second.send(connect_packet(spec) + pingreq_packet()), "");
  EXPECT_TRUE(second.transport.paused);
  rig_.store.finish_save();
  rig_.shard.run_until_idle();
  EXPECT_EQ(second.transport.take_sent(), connack(0, false) + pingresp());
  EXPECT_FALSE(second.transport.paused);
  EXPECT_FALSE(rig_.store.load_mqtt_session(kDevice));
}

TEST_F(MqttSubscribe, CleanSession1StoresNothing) {
  MqttClient client(rig_);
  EXPECT_EQ(client.connect(rig_, kDevice, true), connack(0));
  EXPECT_EQ(client.send(subscribe_packet(1, {{kC2d, 1}})), suback(1, "\x01"));
  EXPECT_EQ(client.send(unsubscribe_packet(2, {kC2d})), unsuback(2));
  EXPECT_EQ(rig_.store.session_saves, 0U);
}

TEST_F(MqttSubscribe, CleanSession1WithAStoreThatFailsIsRefusedWith3) {
  {
    MqttClient first(rig_);
    first.connect(rig_, kDevice);
    first.send(subscribe_packet(1, {{kC2d, 1}}) + disconnect_packet());
  }
  rig_.store.held = true;
  MqttClient second(rig_);
  second.connect(rig_, kDevice, true);
  rig_.store.finish_save(false);
  rig_.shard.run_until_idle();
  EXPECT_EQ(second.transport.take_sent(), connack(3));
  EXPECT_TRUE(second.closed());
  EXPECT_EQ(rig_.connects("refused3"), 1U);
}

TEST_F(MqttSubscribe, SessionsOfDeviceAndModuleAreSeparate) {
  {
    MqttClient device(rig_);
    device.connect(rig_, kDevice);
    device.send(subscribe_packet(1, {{kC2d, 1}}));
  }
  MqttClient module(rig_);
  EXPECT_EQ(module.connect(rig_, kModule), connack(0, false));
}

}  // namespace
}  // namespace nave::front::mqtt
