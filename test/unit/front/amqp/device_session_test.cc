// Who may send as whom, and what ends it: many devices on one connection, takeovers, changes in the registry, tokens.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/amqp/device_fixture.h"

namespace nave::test {
namespace {

using wamqp::Value;

const IdentityKey kD1{"d1", ""};
const IdentityKey kD2{"d2", ""};
const IdentityKey kM1{"d1", "m1"};
constexpr const char* kEventsOfD2 = "/devices/d2/messages/events";
constexpr const char* kEventsOfM1 = "/devices/d1/modules/m1/messages/events";
constexpr const char* kUnauthorized = "amqp:unauthorized-access";

class DeviceSessions : public AmqpDevices {
 protected:
  DeviceSessions() : client_(dial()) {}
  [[nodiscard]] int64_t live() const { return services.devices.value(); }
  void send(uint32_t handle, const std::string& body, uint16_t channel = 0) {
    client_.amqp.transfer(channel, handle, MessageText::data(body));
    commit();
  }
  DeviceClient client_;
};

TEST_F(DeviceSessions, NothingWithoutAToken) {
  EXPECT_EQ(client_.attach(2, kEventsOfD1), kUnauthorized);
  EXPECT_FALSE(connected(kD1));
}

TEST_F(DeviceSessions, ADeviceTokenIsForThatDeviceAlone) {
  ASSERT_EQ(client_.put(token_of(kD1)), 200);
  EXPECT_EQ(client_.attach(2, kEventsOfD2), kUnauthorized);
  EXPECT_EQ(client_.attach(3, kEventsOfM1), kUnauthorized);
  EXPECT_EQ(client_.attach(4, kEventsOfD1), "");
  EXPECT_TRUE(connected(kD1));
  EXPECT_EQ(live(), 1);
}

TEST_F(DeviceSessions, AModuleTokenIsForThatModuleAlone) {
  ASSERT_EQ(client_.put(token_of(kM1)), 200);
  EXPECT_EQ(client_.attach(2, kEventsOfD1), kUnauthorized);
  EXPECT_EQ(client_.attach(3, kEventsOfM1), "");
  send(3, "x");
  const auto all = events("d1", true);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NE(all[0].find("16=d1,17=m1,"), std::string::npos);
  EXPECT_NE(all[0].find(R"("scope":"module")"), std::string::npos);
}

TEST_F(DeviceSessions, SaslPlainNeedsNoClaims) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.plain("d1@sas.hub", token_of(kD1));
  client.connect();
  client.forget();
  client.attach(0, AmqpClient::sender(0, "tx", kEventsOfD1));
  EXPECT_TRUE(client.take(wamqp::Code::kFlow));
  transport->drop();
  EXPECT_FALSE(connected(kD1));
}

TEST_F(DeviceSessions, APolicyWithDeviceConnectIsEveryDevice) {
  ASSERT_EQ(client_.put(policy_token("device")), 200);
  EXPECT_EQ(client_.attach(2, kEventsOfD1), "");
  EXPECT_EQ(client_.attach(3, kEventsOfD2), "");
  EXPECT_EQ(client_.attach(4, kEventsOfM1), "");
  EXPECT_EQ(client_.attach(5, "/devices/unknown/messages/events"), kUnauthorized);
  send(2, "x");
  ASSERT_EQ(events("d1").size(), 1U);
  EXPECT_NE(events("d1", true)[0].find(R"("scope":"hub")"), std::string::npos);
}

TEST_F(DeviceSessions, ThePolicyOfReadersIsNoDevice) {
  ASSERT_EQ(client_.put(policy_token("service")), 200);
  EXPECT_EQ(client_.attach(2, kEventsOfD1), kUnauthorized);
}

TEST_F(DeviceSessions, AddressesThatAreNotOurs) {
  ASSERT_EQ(client_.put(policy_token("device")), 200);
  for (const char* address : {"/devices/d1/messages", "/devices/d1/messages/events/more", "/devices//messages/events",
                              "/devices/d1/modules/m1/messages", "/devices/d1/things/m1/messages/events"}) {
    EXPECT_EQ(client_.attach(2, address), "amqp:not-found") << address;
    client_.amqp.detach(0, 2);
  }
  // Module inputs are a link of their own.
  EXPECT_EQ(client_.attach(AmqpClient::receiver(3, "inputs", kEventsOfM1)), "amqp:not-found");
}

TEST_F(DeviceSessions, OneBadDeviceFailsAlone) {
  ASSERT_EQ(client_.put(token_of(kD1)), 200);
  EXPECT_EQ(client_.put(token_signed(kD2, base64_encode("a key of somebody else"))), 401);
  client_.amqp.begin(1);
  client_.amqp.begin(2);
  EXPECT_EQ(client_.attach(AmqpClient::sender(0, "TelemetrySenderLink", kEventsOfD1), 1), "");
  EXPECT_EQ(client_.attach(AmqpClient::sender(0, "TelemetrySenderLink", kEventsOfD2), 2), kUnauthorized);
  send(0, "x", 1);
  EXPECT_EQ(events("d1").size(), 1U);
  EXPECT_FALSE(client_.transport->closed);
}

TEST_F(DeviceSessions, TheNewerConnectionWins) {
  ASSERT_EQ(client_.put(token_of(kD1)), 200);
  ASSERT_EQ(client_.put(token_of(kD2)), 200);
  ASSERT_EQ(client_.attach(2, kEventsOfD1), "");
  ASSERT_EQ(client_.attach(3, kEventsOfD1), "");
  ASSERT_EQ(client_.attach(4, kEventsOfD2), "");
  DeviceClient newer(dial());
  ASSERT_EQ(newer.put(token_of(kD1)), 200);
  ASSERT_EQ(newer.attach(2, kEventsOfD1), "");
  EXPECT_EQ(client_.detached(), "amqp:link:stolen");
  EXPECT_EQ(client_.detached(), "amqp:link:stolen");
  EXPECT_EQ(client_.detached(), "");
  EXPECT_EQ(newer.detached(), "");
  EXPECT_TRUE(connected(kD1));
  EXPECT_EQ(live(), 2);
  send(4, "the other device goes on");
  EXPECT_EQ(events("d2").size(), 1U);
  // And back again, on the connection that is still there.
  EXPECT_EQ(client_.attach(5, kEventsOfD1), "");
  EXPECT_EQ(newer.detached(), "amqp:link:stolen");
}

TEST_F(DeviceSessions, TheLastLinkFreesTheIdentity) {
  ASSERT_EQ(client_.put(token_of(kD1)), 200);
  ASSERT_EQ(client_.attach(2, kEventsOfD1), "");
  ASSERT_EQ(client_.attach(3, kEventsOfD1), "");
  client_.amqp.detach(0, 2);
  EXPECT_TRUE(connected(kD1));
  client_.amqp.detach(0, 3);
  EXPECT_FALSE(connected(kD1));
  EXPECT_EQ(live(), 0);
}

TEST_F(DeviceSessions, DeletingAndDisablingEndTheLinksInTheirOwnWords) {
  ASSERT_EQ(client_.put(token_of(kD1)), 200);
  ASSERT_EQ(client_.attach(2, kEventsOfD1), "");
  directory.end(kD1, hub::EndReason::kIdentityDeleted);
  shard.run_until_idle();
  EXPECT_EQ(client_.detached(), "amqp:not-found");
  EXPECT_FALSE(connected(kD1));

  ASSERT_EQ(client_.attach(3, kEventsOfD1), "");
  change_identity(kD1, [](hub::Identity& i) { i.enabled = false; });
  EXPECT_EQ(client_.detached(), "amqp:not-allowed");
  EXPECT_EQ(client_.attach(4, kEventsOfD1), kUnauthorized);
  EXPECT_FALSE(client_.transport->closed);
}

TEST_F(DeviceSessions, AKeyChangeEndsThoseWhoUsedTheKey) {
  ASSERT_EQ(client_.put(token_of(kD2)), 200);
  ASSERT_EQ(client_.attach(2, kEventsOfD2), "");
  change_identity(kD2, [](hub::Identity& i) { i.authentication.secondary_key = base64_encode("new and long enough"); });
  EXPECT_EQ(client_.detached(), "");
  change_identity(kD2, [](hub::Identity& i) { i.authentication.primary_key = base64_encode("new and long enough!"); });
  EXPECT_EQ(client_.detached(), kUnauthorized);
  // The token is still held by the connection, but its key is not the identity's any more.
  EXPECT_EQ(client_.attach(3, kEventsOfD2), kUnauthorized);
}

TEST_F(DeviceSessions, ATokenOfTheOtherKeyOutlivesTheFirstKey) {
  ASSERT_EQ(client_.put(token_of(kD2)), 200);
  ASSERT_EQ(client_.attach(2, kEventsOfD2), "");
  ASSERT_EQ(client_.put(token_signed(kD2, other_key)), 200);
  change_identity(kD2, [](hub::Identity& i) { i.authentication.primary_key = base64_encode("new and long enough!"); });
  EXPECT_EQ(client_.detached(), "");
}

TEST_F(DeviceSessions, ANamesakeIsSomebodyElse) {
  ASSERT_EQ(client_.put(token_of(kD2)), 200);
  change_identity(kD2, [](hub::Identity& i) { i.generation_id = "1"; });
  EXPECT_EQ(client_.attach(2, kEventsOfD2), kUnauthorized);
}

TEST_F(DeviceSessions, AnExpiredTokenEndsItsDeviceAlone) {
  ASSERT_EQ(client_.put(token_of(kD1, 60)), 200);
  ASSERT_EQ(client_.put(token_of(kD2, 3600)), 200);
  ASSERT_EQ(client_.attach(2, kEventsOfD1), "");
  ASSERT_EQ(client_.attach(3, kEventsOfD2), "");
  shard.advance(50'000);
  EXPECT_EQ(client_.detached(), "");
  shard.advance(15'000);
  EXPECT_EQ(client_.detached(), kUnauthorized);
  EXPECT_EQ(client_.detached(), "");
  EXPECT_FALSE(connected(kD1));
  EXPECT_TRUE(connected(kD2));
}

TEST_F(DeviceSessions, ARenewedTokenKeepsTheLinks) {
  ASSERT_EQ(client_.put(token_of(kD1, 60)), 200);
  ASSERT_EQ(client_.attach(2, kEventsOfD1), "");
  shard.advance(50'000);
  ASSERT_EQ(client_.put(token_of(kD1, 3600)), 200);
  shard.advance(60'000);
  EXPECT_EQ(client_.detached(), "");
  EXPECT_TRUE(connected(kD1));
}

TEST_F(DeviceSessions, TheModelOfTheLinkGoesWithTheMessages) {
  ASSERT_EQ(client_.put(token_of(kD1)), 200);
  auto request = AmqpClient::sender(2, "tx", kEventsOfD1);
  const auto model = [&](const Value& id) {
    request.properties = Value::map().add(Value::of_symbol("com.microsoft:model-id"), id);
  };
  model(Value::of_string(std::string(limits::kModelIdBytesMax + 1, 'x')));
  EXPECT_EQ(client_.attach(request), "com.microsoft:argument-error");
  client_.amqp.detach(0, 2);
  EXPECT_FALSE(connected(kD1));
  model(Value::of_string("dtmi:com:example:Thermostat;1"));
  EXPECT_EQ(client_.attach(request), "");
  send(2, "x");
  EXPECT_EQ(events("d1"), std::vector<std::string>{"{13=dtmi:com:example:Thermostat;1}{}x"});
}

// The twin tells the model of the last connect, whichever link named it.
TEST_F(DeviceSessions, TheModelOfTheLastConnectIsInTheTwin) {
  const auto model = [&] {
    shard.run_until_idle();
    const std::string text = twins.find(kD1).value().body;
    const size_t at = text.find("\"modelId\":\"") + 11;
    return text.substr(at, text.find('"', at) - at);
  };
  ASSERT_EQ(client_.put(token_of(kD1)), 200);
  auto request = AmqpClient::sender(2, "tx", kEventsOfD1);
  request.properties = Value::map().add(Value::of_symbol("com.microsoft:model-id"), Value::of_string("dtmi:a;1"));
  ASSERT_EQ(client_.attach(request), "");
  EXPECT_EQ(model(), "dtmi:a;1");
  ASSERT_EQ(client_.attach(3, kEventsOfD1), "");
  EXPECT_EQ(model(), "dtmi:a;1") << "a further link without a model says nothing";
  auto another = AmqpClient::sender(4, "tx4", kEventsOfD1);
  another.properties = Value::map().add(Value::of_symbol("com.microsoft:model-id"), Value::of_string("dtmi:b;1"));
  ASSERT_EQ(client_.attach(another), "");
  EXPECT_EQ(model(), "dtmi:b;1");
  for (const uint32_t handle : {2U, 3U, 4U}) client_.amqp.detach(0, handle);
  shard.run_until_idle();
  ASSERT_FALSE(connected(kD1));
  ASSERT_EQ(client_.attach(5, kEventsOfD1), "");
  EXPECT_EQ(model(), "") << "the last connect had no model";
}

}  // namespace
}  // namespace nave::test
