// Cloud-to-device messages on an MQTT connection (reference/device-mqtt-https.md §2.8, §4).
#include <gtest/gtest.h>

#include "base/limits.h"
#include "json/parse.h"
#include "unit/front/mqtt/rig.h"
#include "unit/front/mqtt/server_packets.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};
const IdentityKey kModule{"dev-1", "mod-1"};
const std::string kFilter = "devices/dev-1/messages/devicebound/#";
constexpr int64_t kLockMs = hub::C2dService::kLockMs;

class MqttC2d : public testing::Test {
 protected:
  void connect(bool clean = false) {
    client_ = std::make_unique<MqttClient>(rig_);
    answer_ = client_->connect(rig_, kDevice, clean);
  }
  void subscribe(uint8_t qos = 1) { answer_ = client_->send(subscribe_packet(1, {{kFilter, qos}})); }
  void connect_and_subscribe(uint8_t qos = 1) {
    connect();
    subscribe(qos);
    ASSERT_EQ(answer_, suback(1, std::string(1, static_cast<char>(qos))));
  }
  // From a back end; it is on disk and the device's session knows.
  void post(const std::string& body, const IdentityKey& to = kDevice) {
    hub::EventView message;
    message.body = body;
    std::string error;
    rig_.c2d.send(to, message, rig_.shard.executor, [&](const hub::HubResult<void>& r) {
      if (!r) error = r.error().message;
    });
    rig_.shard.run_until_idle();
    ASSERT_EQ(error, "");
  }
  void post_many(int count) {
    for (int i = 1; i <= count; ++i) post(std::to_string(i));
  }
  std::vector<ServerPublish> received() { return publishes_in(client_->transport.take_sent()); }
  // "body:id" of each, with "*" behind it for DUP.
  static std::string brief(const std::vector<ServerPublish>& messages) {
    std::string out;
    for (const ServerPublish& m : messages) {
      out += (out.empty() ? "" : " ") + m.payload + ":" + std::to_string(m.id) + (m.duplicate ? "*" : "");
    }
    return out;
  }
  std::string received_brief() { return brief(received()); }
  void ack(unsigned id) {
    client_->transport.deliver(puback_packet(id));
    tick(0);
  }
  void tick(int64_t ms) {
    rig_.shard.advance(ms);
    rig_.c2d.on_tick();
    rig_.shard.run_until_idle();
  }
  // Time passes in which the client shows that it lives.
  void tick_alive(int64_t ms) {
    client_->transport.deliver(pingreq_packet());
    tick(ms);
  }
  [[nodiscard]] size_t depth() const { return rig_.c2d.depth(kDevice); }

  MqttRig rig_;
  std::unique_ptr<MqttClient> client_;
  std::string answer_;
};

TEST_F(MqttC2d, PublishLocksAndPubackCompletes) {
  connect_and_subscribe();
  post("hello");
  const auto messages = received();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].topic, "devices/dev-1/messages/devicebound/%24.to=%2Fdevices%2Fdev-1%2Fmessages%2Fdevicebound");
  EXPECT_EQ(messages[0].payload, "hello");
  EXPECT_EQ(messages[0].qos, 1U);
  EXPECT_FALSE(messages[0].retain);
  EXPECT_FALSE(messages[0].duplicate);
  EXPECT_NE(messages[0].id, 0);
  EXPECT_EQ(depth(), 1U) << "invisible, not gone";
  ack(messages[0].id);
  EXPECT_EQ(depth(), 0U);
  EXPECT_EQ(received_brief(), "");
}

// For C any flag of a PUBLISH without the QoS 1 bit is QoS 2.
TEST_F(MqttC2d, Qos0IsCompleteWhenWritten) {
  connect_and_subscribe(0);
  post("a");
  post("b");
  std::string sent = client_->transport.take_sent();
  EXPECT_EQ(take_packet(sent).first, 0x30);
  EXPECT_EQ(take_packet(sent).first, 0x30);
  EXPECT_EQ(sent, "");
  EXPECT_EQ(depth(), 0U);
}

TEST_F(MqttC2d, NothingWithoutASubscription) {
  connect();
  post("a");
  EXPECT_EQ(received_brief(), "");
  subscribe();
  EXPECT_EQ(answer_.substr(0, 5), suback(1, "\1")) << "the SUBACK comes first";
  EXPECT_EQ(brief(publishes_in(answer_)), "a:1");
}

TEST_F(MqttC2d, NotBeforeTheSubscriptionIsOnDisk) {
  connect();
  post("a");
  rig_.store.held = true;
  subscribe();
  post("b");
  EXPECT_EQ(answer_, "");
  rig_.store.finish_save();
  rig_.shard.run_until_idle();
  EXPECT_EQ(received_brief(), "a:1 b:2");
}

// All SDKs subscribe anew at every connect, and C# waits for that SUBACK while messages come.
TEST_F(MqttC2d, AKeptSubscriptionGetsMessagesRightBehindTheConnackAndOnce) {
  connect_and_subscribe();
  client_->send(disconnect_packet());
  post("a");
  connect();
  EXPECT_EQ(answer_.substr(0, 4), connack(0, true));
  EXPECT_EQ(brief(publishes_in(answer_)), "a:1");
  subscribe();
  EXPECT_EQ(answer_, suback(1, "\1")) << "CSharpReconnect: no duplicate";
  ack(1);
  EXPECT_EQ(depth(), 0U);
}

TEST_F(MqttC2d, WithoutAKeptSubscriptionTheQueueWaits) {
  post("a");
  connect();
  EXPECT_EQ(answer_, connack(0));
}

// The queue belongs to the device, not to the session: what was sent before is delivered all the same.
TEST_F(MqttC2d, ACleanSessionDropsTheSubscriptionAndKeepsTheQueue) {
  connect_and_subscribe();
  client_->send(disconnect_packet());
  post("a");
  connect(true);
  EXPECT_EQ(answer_, connack(0));
  EXPECT_EQ(depth(), 1U);
  subscribe();
  EXPECT_EQ(brief(publishes_in(answer_)), "a:1");
}

TEST_F(MqttC2d, UnsubscribeStops) {
  connect_and_subscribe();
  post("a");
  EXPECT_EQ(received_brief(), "a:1");
  EXPECT_EQ(client_->send(unsubscribe_packet(2, {kFilter})), unsuback(2));
  post("b");
  EXPECT_EQ(received_brief(), "");
  ack(1);
  EXPECT_EQ(depth(), 1U) << "what was on its way can still be acknowledged";
  subscribe();
  EXPECT_EQ(brief(publishes_in(answer_)), "b:2");
}

TEST_F(MqttC2d, UnacknowledgedMessagesComeAgainInTheNextSession) {
  connect_and_subscribe();
  post_many(3);
  EXPECT_EQ(received_brief(), "1:1 2:2 3:3");
  ack(2);
  client_->transport.drop();
  rig_.shard.run_until_idle();
  EXPECT_EQ(depth(), 2U);
  connect();
  EXPECT_EQ(brief(publishes_in(answer_)), "1:1 3:2") << "at once, in order; the count has not grown, so no DUP";
}

TEST_F(MqttC2d, ATakeoverMovesThemToTheNewConnection) {
  connect_and_subscribe();
  post("a");
  const auto old = std::move(client_);
  connect();
  tick(0);
  EXPECT_TRUE(old->closed());
  EXPECT_EQ(brief(publishes_in(answer_)) + received_brief(), "a:1");
  ack(1);
  EXPECT_EQ(depth(), 0U);
}

TEST_F(MqttC2d, DupSaysThatSomebodyHasHadItBefore) {
  post("a");
  const auto other = rig_.c2d.receive({kDevice, "637375045610235418"});
  ASSERT_TRUE(other);
  rig_.c2d.settle(kDevice, other->lock, hub::C2dOutcome::kAbandon, rig_.shard.executor, [](auto) {});
  rig_.shard.run_until_idle();
  connect();
  subscribe();
  EXPECT_EQ(brief(publishes_in(answer_)), "a:1*");
}

TEST_F(MqttC2d, ALockThatRunsOutSendsItAgainUnderANewId) {
  connect_and_subscribe();
  post("a");
  EXPECT_EQ(received_brief(), "a:1");
  tick_alive(kLockMs - 1000);
  EXPECT_EQ(received_brief(), "");
  tick_alive(2000);
  EXPECT_EQ(received_brief(), "a:2");
  ack(1);
  EXPECT_EQ(depth(), 1U) << "the old id means nothing any more";
  ack(2);
  EXPECT_EQ(depth(), 0U);
}

TEST_F(MqttC2d, UnknownPubacksAreTolerated) {
  connect_and_subscribe();
  ack(77);
  post("a");
  EXPECT_EQ(received_brief(), "a:1");
  ack(2);
  EXPECT_EQ(depth(), 1U);
  ack(1);
  ack(1);
  EXPECT_EQ(depth(), 0U);
  EXPECT_FALSE(client_->closed());
}

// C# handles acknowledgements strictly in order and buffers 50; gateways take 16.
TEST_F(MqttC2d, TheWindowIsSixteenAndInOrder) {
  connect_and_subscribe();
  post_many(20);
  const auto first = received();
  ASSERT_EQ(first.size(), limits::kMqttOutboundWindow);
  for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].payload, std::to_string(i + 1));
  ack(2);
  EXPECT_EQ(received_brief(), "17:17") << "an acknowledgement makes room, in any order";
  ack(1);
  ack(3);
  ack(4);
  EXPECT_EQ(received_brief(), "18:18 19:19 20:20");
  EXPECT_EQ(depth(), 16U);
}

// The hub wakes nobody for locks on messages that are gone.
TEST_F(MqttC2d, AFullWindowOfPurgedMessagesOpensAgain) {
  connect_and_subscribe();
  post_many(16);
  EXPECT_EQ(received().size(), 16U);
  rig_.c2d.purge(kDevice, rig_.shard.executor, [](auto) {});
  rig_.shard.run_until_idle();
  post("new");
  EXPECT_EQ(received_brief(), "");
  for (int i = 0; i < 61; ++i) tick_alive(1000);
  EXPECT_EQ(received_brief(), "new:17");
}

TEST_F(MqttC2d, NothingIsSentWhileTheClientDoesNotTakeIt) {
  connect_and_subscribe(0);
  client_->transport.stalled = true;
  client_->transport.unsent = limits::kUnsentBytesHigh + 1;
  post_many(3);
  EXPECT_EQ(received_brief(), "");
  EXPECT_EQ(depth(), 3U);
  client_->transport.drain();
  EXPECT_EQ(received_brief(), "1:0 2:0 3:0");
}

TEST_F(MqttC2d, ABurstStopsAtTheBound) {
  connect_and_subscribe(0);
  client_->transport.stalled = true;
  const std::string large(60'000, 'x');
  for (int i = 0; i < 40; ++i) post(large);
  const size_t taken = received().size();
  EXPECT_EQ(taken, limits::kUnsentBytesHigh / large.size() + 1);
  EXPECT_EQ(depth(), 40 - taken);
  client_->transport.drain();
  EXPECT_EQ(received().size(), taken);
}

TEST_F(MqttC2d, PacketIdsAreSharedWithNotifications) {
  connect();
  client_->send(subscribe_packet(1, {{kFilter, 1}, {"$iothub/twin/PATCH/properties/desired/#", 1}}));
  post("a");
  EXPECT_EQ(received_brief(), "a:1");
  hub::TwinInput input;
  input.desired = *json::parse(R"({"x":1})").value().if_object();
  rig_.twins.patch(kDevice, {std::move(input), {}, 0}, rig_.shard.executor,
                   [](const hub::HubResult<hub::TwinDocument>& r) { EXPECT_TRUE(r); });
  rig_.shard.run_until_idle();
  const auto notification = received();
  ASSERT_EQ(notification.size(), 1U);
  EXPECT_EQ(notification[0].id, 2);
  ack(2);
  EXPECT_EQ(depth(), 1U);
}

TEST_F(MqttC2d, PropertiesThatFitIntoNoTopicAreRejected) {
  connect_and_subscribe();
  hub::EventView message;
  const std::string wide(30'000, '%');  // three bytes each in a topic
  message.application = {{"wide", wide}};
  message.body = "a";
  rig_.c2d.send(kDevice, message, rig_.shard.executor, [](const hub::HubResult<void>& r) { EXPECT_TRUE(r); });
  rig_.shard.run_until_idle();
  post("b");
  EXPECT_EQ(received_brief(), "b:2") << "it does not stand in the way of the others";
  EXPECT_EQ(depth(), 1U);
}

// Java subscribes for modules too; C and C# subscribe to everything below the module.
TEST_F(MqttC2d, ModulesSubscribeAndNothingIsEverSent) {
  MqttClient module(rig_);
  module.connect(rig_, kModule);
  EXPECT_EQ(module.send(subscribe_packet(
                1, {{"devices/dev-1/modules/mod-1/messages/devicebound/#", 1}, {"devices/dev-1/modules/mod-1/#", 1}})),
            suback(1, "\1\1"));
  post("a", kModule);
  EXPECT_EQ(module.transport.take_sent(), "");
  EXPECT_EQ(rig_.c2d.depth(kModule), 1U);
}

TEST_F(MqttC2d, ADeletedDeviceTakesItsMessagesAlong) {
  connect_and_subscribe();
  post_many(2);
  rig_.registry.remove(kDevice, hub::parse_if_match("*"), rig_.shard.executor, [](const hub::HubResult<void>&) {});
  rig_.shard.run_until_idle();
  EXPECT_TRUE(client_->closed());
  rig_.add_identity(kDevice);
  connect_and_subscribe();
  EXPECT_EQ(received_brief(), "");
}

}  // namespace
}  // namespace nave::front::mqtt
