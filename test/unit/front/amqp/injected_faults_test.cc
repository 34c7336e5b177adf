// Faults that a device asks for over AMQP: what it sees of them, and what the other devices of its connection see.
#include <gtest/gtest.h>

#include "unit/front/amqp/device_fixture.h"

namespace nave::test {
namespace {

using wamqp::Code;
using wamqp::Value;

constexpr const char* kEventsOfD2 = "/devices/d2/messages/events";
constexpr uint32_t kD1 = 2;
constexpr uint32_t kD2 = 3;

class AmqpFaults : public AmqpDevices {
 protected:
  AmqpFaults() {
    services.faults = &faults_;
    EXPECT_EQ(client_.put(token_of({"d1", ""})), 200);
    EXPECT_EQ(client_.put(token_of({"d2", ""})), 200);
    EXPECT_EQ(client_.attach(kD1, kEventsOfD1), "");
    client_.amqp.begin(1);
    EXPECT_EQ(client_.attach(kD2, kEventsOfD2, 1), "");
    client_.amqp.forget();
  }
  void ask(const std::string& type, const std::string& delay = "1", const std::string& duration = "10") {
    send(MessageText::application({{"AzIoTHub_FaultOperationType", Value::of_string(type)},
                                   {"AzIoTHub_FaultOperationCloseReason", Value::of_string("byebye")},
                                   {"AzIoTHub_FaultOperationDelayInSecs", Value::of_string(delay)},
                                   {"AzIoTHub_FaultOperationDurationInSecs", Value::of_string(duration)}}) +
         MessageText::data("fault"));
    EXPECT_EQ(outcome(), "accepted") << "stored like any other message";
  }
  void send(const std::string& message, uint32_t handle = kD1, uint16_t channel = 0) {
    client_.amqp.transfer(channel, handle, message, "t");
    commit();
  }
  std::string outcome() {
    const auto all = client_.dispositions();
    if (all.size() != 1) return std::to_string(all.size()) + " dispositions";
    return all[0].substr(all[0].find(' ') + 1);
  }
  // Of a close or an end.
  static std::optional<wamqp::Error> error_of(const AmqpFrame& frame) {
    const auto described = frame.described();
    if (!described) return {};
    wamqp::Elements fields(described->value);
    return wamqp::decode_error(fields.next());
  }
  void wait() { shard.advance(1000 + TimerWheel::kTickMs); }

  hub::FaultInjection faults_{shard.clock, metrics};
  DeviceClient client_{dial()};
};

TEST_F(AmqpFaults, KillTcpResetsAfterTheDelay) {
  ask("KillTcp");
  shard.advance(1000 - TimerWheel::kTickMs);
  EXPECT_FALSE(client_.transport->aborted);
  wait();
  EXPECT_TRUE(client_.transport->aborted);
  EXPECT_FALSE(connected({"d1", ""}));
  EXPECT_EQ(events("d1").size(), 1U);
}

// Node waits 45 seconds for the end of its session otherwise.
TEST_F(AmqpFaults, ShutDownAmqpEndsSessionsAndClosesWithoutAnError) {
  ask("ShutDownAmqp");
  wait();
  EXPECT_EQ(client_.amqp.codes(), (std::vector<Code>{Code::kEnd, Code::kEnd, Code::kClose}));
  const auto close = client_.amqp.take(Code::kClose);
  ASSERT_TRUE(close);
  EXPECT_FALSE(error_of(*close));
}

TEST_F(AmqpFaults, KillAmqpConnectionClosesWithTheReason) {
  ask("KillAmqpConnection");
  wait();
  const auto close = client_.amqp.take(Code::kClose);
  ASSERT_TRUE(close);
  const auto error = error_of(*close);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->condition, "amqp:connection:forced");
  EXPECT_EQ(error->description.value_or("").rfind("byebye", 0), 0U);
}

TEST_F(AmqpFaults, KillAmqpSessionEndsTheDevicesSessionAlone) {
  ask("KillAmqpSession");
  wait();
  const auto end = client_.amqp.take(Code::kEnd);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->channel, 0);
  const auto error = error_of(*end);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->condition, "amqp:internal-error");
  EXPECT_FALSE(connected({"d1", ""}));
  EXPECT_TRUE(connected({"d2", ""}));
  send(MessageText::data("x"), kD2, 1);
  EXPECT_EQ(outcome(), "accepted");
  EXPECT_FALSE(client_.transport->closed || client_.transport->aborted);
}

TEST_F(AmqpFaults, KillAmqpD2CLinkDetachesItAlone) {
  ask("KillAmqpD2CLink");
  wait();
  const auto detach = client_.amqp.take(Code::kDetach);
  ASSERT_TRUE(detach);
  EXPECT_EQ(detach->as<wamqp::Detach>().handle, kD1);
  EXPECT_EQ(detach->as<wamqp::Detach>().error->condition, "amqp:link:detach-forced");
  EXPECT_EQ(client_.detached(), "") << "nobody else's link";
  EXPECT_FALSE(connected({"d1", ""}));
  EXPECT_TRUE(connected({"d2", ""}));
}

TEST_F(AmqpFaults, TheClaimsLinksAreToldApart) {
  ask("KillAmqpCBSLinkReq");
  wait();
  const auto request = client_.amqp.take(Code::kDetach);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->as<wamqp::Detach>().handle, 0U);
  ask("KillAmqpCBSLinkResp");
  wait();
  const auto reply = client_.amqp.take(Code::kDetach);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->as<wamqp::Detach>().handle, 1U);
  EXPECT_EQ(client_.detached(), "");
  EXPECT_TRUE(connected({"d1", ""}));
}

TEST_F(AmqpFaults, ALinkThatIsNotThereIsNotMissed) {
  for (const char* type : {"KillAmqpC2DLink", "KillAmqpTwinLinkReq", "KillAmqpTwinLinkResp", "KillAmqpMethodReqLink",
                           "KillAmqpMethodRespLink", "ShutDownMqtt"}) {
    ask(type);
  }
  wait();
  EXPECT_EQ(client_.detached(), "");
  EXPECT_TRUE(connected({"d1", ""}));
}

TEST_F(AmqpFaults, ThrottledAndOutOfQuotaUntilItIsOver) {
  ask("InvokeThrottling", "0");
  send(MessageText::data("x"));
  EXPECT_EQ(outcome(), "com.microsoft:device-container-throttled");
  send(MessageText::data("x"), kD2, 1);
  EXPECT_EQ(outcome(), "accepted") << "another device on the same connection";
  shard.advance(10'000);
  ask("InvokeMaxMessageQuota", "0");
  send(MessageText::data("x"));
  EXPECT_EQ(outcome(), "amqp:resource-limit-exceeded");
  shard.advance(10'000);
  send(MessageText::data("x"));
  EXPECT_EQ(outcome(), "accepted");
}

TEST_F(AmqpFaults, AnAuthErrorDetachesAndRefusesUntilItIsOver) {
  ask("InvokeAuthError");
  wait();
  EXPECT_EQ(client_.detached(), "amqp:unauthorized-access");
  EXPECT_FALSE(connected({"d1", ""}));
  EXPECT_EQ(client_.attach(7, kEventsOfD1), "amqp:unauthorized-access");
  EXPECT_TRUE(connected({"d2", ""}));
  shard.advance(10'000);
  EXPECT_EQ(client_.attach(8, kEventsOfD1), "");
}

TEST_F(AmqpFaults, TheLinkMayBeGoneBeforeTheDelay) {
  ask("KillTcp");
  client_.amqp.detach(0, kD1);
  wait();
  EXPECT_FALSE(client_.transport->aborted);
  EXPECT_TRUE(connected({"d2", ""}));
}

TEST_F(AmqpFaults, WithoutTheSwitchTheMessageIsPlainTelemetry) {
  services.faults = nullptr;
  ask("KillTcp");
  ask("InvokeThrottling", "0");
  ask("KillAmqpConnection", "0");
  wait();
  EXPECT_FALSE(client_.transport->aborted);
  EXPECT_FALSE(client_.amqp.take(Code::kClose));
}

}  // namespace
}  // namespace nave::test
