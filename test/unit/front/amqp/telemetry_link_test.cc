// From deliveries to the log and back to dispositions.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/amqp/device_fixture.h"

namespace nave::test {
namespace {

using wamqp::Code;
using wamqp::Value;

constexpr uint32_t kLink = 2;

class TelemetryLinks : public AmqpDevices {
 protected:
  TelemetryLinks() : client_(dial()) {
    EXPECT_EQ(client_.put(token_of({"d1", ""})), 200);
    EXPECT_EQ(client_.attach(kLink, kEventsOfD1), "");
    first_ = client_.amqp.last_delivery() + 1;
  }
  void send(const std::string& message, bool settled = false, uint32_t format = 0) {
    client_.amqp.transfer(0, kLink, message, "t", settled, format);
  }
  void send_batch(const std::vector<std::string>& messages) {
    send(MessageText::batch(messages), false, wamqp::kBatchFormat);
  }
  [[nodiscard]] std::string outcome(uint32_t from, uint32_t to, const std::string& word) const {
    return std::to_string(first_ + from) + "-" + std::to_string(first_ + to) + " " + word;
  }
  // A message whose metered size is `bytes`.
  [[nodiscard]] static std::string of_size(size_t bytes) {
    return MessageText::application({{"k", Value::of_string("v")}}) + MessageText::data(std::string(bytes - 2, 'x'));
  }

  DeviceClient client_;
  uint32_t first_ = 0;  // delivery-id of the first message
};

TEST_F(TelemetryLinks, AttachIsAnsweredAsTheRealHubDoes) {
  DeviceClient other(dial());
  ASSERT_EQ(other.put(token_of({"d2", ""})), 200);
  auto request = AmqpClient::sender(kLink, "sender", "amqps://hub.example:5671/Devices/d2/Messages/Events");
  request.snd_settle_mode = wamqp::SndSettleMode::kUnsettled;
  request.rcv_settle_mode = wamqp::RcvSettleMode::kSecond;
  request.properties = Value::map().add(Value::of_symbol("com.microsoft:client-version"), Value::of_string("v"));
  other.amqp.attach(0, request);
  const auto frame = other.amqp.take(Code::kAttach);
  ASSERT_TRUE(frame);
  const auto reply = frame->as<wamqp::Attach>();
  EXPECT_EQ(reply.snd_settle_mode, wamqp::SndSettleMode::kUnsettled);
  EXPECT_EQ(reply.rcv_settle_mode, std::nullopt);
  EXPECT_EQ(reply.max_message_size, 1048576U);
  EXPECT_EQ(reply.properties, request.properties);
  const auto flow = other.amqp.take(Code::kFlow);
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->as<wamqp::Flow>().link_credit, 1000U);
}

TEST_F(TelemetryLinks, AcceptedWhenDurableAndNotBefore) {
  send(MessageText::application({{"a", Value::of_string("b")}}) + MessageText::data("body"));
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{});
  commit();
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(0, 0, "accepted")});
  EXPECT_EQ(events("d1"), std::vector<std::string>{"{}{a=b}body"});
}

TEST_F(TelemetryLinks, OneCommitOneRange) {
  for (int i = 0; i < 50; ++i) send(MessageText::data(std::to_string(i)));
  commit();
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(0, 49, "accepted")});
  EXPECT_EQ(events("d1").size(), 50U);
}

TEST_F(TelemetryLinks, StampsAreTheHubs) {
  send(MessageText::application({{"iothub-connection-device-id", Value::of_string("d2")}}) + MessageText::data("x"));
  commit();
  const auto all = events("d1", true);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0], R"({16=d1,18={"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null},19=,)"
                    R"(20=Telemetry}{}x)");
}

TEST_F(TelemetryLinks, SettledByTheSenderIsStoredAndNotAnswered) {
  send(MessageText::data("x"), true);
  commit();
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{});
  EXPECT_EQ(events("d1").size(), 1U);
}

TEST_F(TelemetryLinks, TheLimitAndOnePast) {
  send(of_size(limits::kD2cMessageBytesMax));
  send(of_size(limits::kD2cMessageBytesMax + 1));
  send(MessageText::data("after"));
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(1, 1, "amqp:link:message-size-exceeded")});
  commit();
  EXPECT_EQ(client_.dispositions(), (std::vector<std::string>{outcome(0, 0, "accepted"), outcome(2, 2, "accepted")}));
  EXPECT_EQ(events("d1").size(), 2U);
}

TEST_F(TelemetryLinks, NonsenseIsRejectedAndTheLinkGoesOn) {
  send("nonsense");
  send(MessageText::data("x"));
  commit();
  EXPECT_EQ(client_.dispositions(),
            (std::vector<std::string>{outcome(0, 0, "com.microsoft:argument-error"), outcome(1, 1, "accepted")}));
}

TEST_F(TelemetryLinks, AFullLogThrottles) {
  log.refuse = true;
  send(MessageText::data("x"));
  EXPECT_EQ(client_.dispositions(),
            std::vector<std::string>{outcome(0, 0, "com.microsoft:device-container-throttled")});
}

TEST_F(TelemetryLinks, AFailedLogAcceptsNothing) {
  log.fail = true;
  send(MessageText::data("x"));
  log.report_failures();
  shard.run_until_idle();
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(0, 0, "amqp:internal-error")});
}

TEST_F(TelemetryLinks, ABatchIsManyEventsAndOneAnswer) {
  send_batch({MessageText::data("1"), MessageText::application({{"k", Value::of_string("v")}}) + MessageText::data("2"),
              MessageText::data("3")});
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{});
  commit();
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(0, 0, "accepted")});
  EXPECT_EQ(events("d1"), (std::vector<std::string>{"{}{}1", "{}{k=v}2", "{}{}3"}));
}

TEST_F(TelemetryLinks, ABatchIsTakenWholeOrNotAtAll) {
  send_batch({MessageText::data("good"), "bad"});
  send_batch({});
  send_batch({of_size(limits::kD2cMessageBytesMax), MessageText::data("x")});
  EXPECT_EQ(client_.dispositions(), (std::vector<std::string>{outcome(0, 0, "com.microsoft:argument-error"),
                                                              outcome(1, 1, "com.microsoft:argument-error"),
                                                              outcome(2, 2, "amqp:link:message-size-exceeded")}));
  send_batch({of_size(limits::kD2cMessageBytesMax - 1), MessageText::data("x")});
  commit();
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(3, 3, "accepted")});
  EXPECT_EQ(events("d1").size(), 2U);
}

TEST_F(TelemetryLinks, TheNumberOfMessagesInABatchIsBounded) {
  std::vector<std::string> messages(limits::kAmqpBatchMessagesMax + 1, MessageText::data("x"));
  send_batch(messages);
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(0, 0, "amqp:link:message-size-exceeded")});
  messages.pop_back();
  send_batch(messages);
  commit();
  EXPECT_EQ(client_.dispositions(), std::vector<std::string>{outcome(1, 1, "accepted")});
  EXPECT_EQ(events("d1").size(), limits::kAmqpBatchMessagesMax);
}

TEST_F(TelemetryLinks, ReadingPausesWhileTooMuchIsOnItsWay) {
  // Bigger than a batch may be, so that single messages are looked at here.
  const std::string large = of_size(limits::kD2cMessageBytesMax - 64);
  size_t sent = 0;
  while (!client_.transport->paused && sent < 100) {
    send(large);
    ++sent;
  }
  EXPECT_EQ(sent, limits::kAmqpInflightBytesMax / limits::kD2cMessageBytesMax + 1);
  commit();
  EXPECT_FALSE(client_.transport->paused);

  sent = 0;
  while (!client_.transport->paused && sent < 10'000) {
    send(MessageText::data(""), true);
    ++sent;
  }
  EXPECT_EQ(sent, limits::kAmqpInflightMessagesMax);
  commit();
  EXPECT_FALSE(client_.transport->paused);
}

TEST_F(TelemetryLinks, ALinkThatGoesTakesItsShareOfThePauseAlong) {
  for (size_t i = 0; i < limits::kAmqpInflightMessagesMax - 1; ++i) send(MessageText::data(""), true);
  client_.amqp.detach(0, kLink);
  ASSERT_EQ(client_.attach(kLink, kEventsOfD1), "");
  send(MessageText::data(""));
  send(MessageText::data(""));
  EXPECT_FALSE(client_.transport->paused);
  client_.amqp.forget();
  commit();
  EXPECT_EQ(client_.dispositions().size(), 1U);
}

TEST_F(TelemetryLinks, TheConnectionMayGoBeforeTheCommit) {
  send(MessageText::data("x"));
  client_.transport->drop();
  commit();
  EXPECT_EQ(events("d1").size(), 1U);
  EXPECT_FALSE(connected({"d1", ""}));
}

TEST_F(TelemetryLinks, ActivityIsNoted) {
  shard.advance(5000);
  send(MessageText::data("x"));
  EXPECT_EQ(directory.presence({"d1", ""})->last_activity, shard.clock.utc());
}

}  // namespace
}  // namespace nave::test
