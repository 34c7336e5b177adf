// Receivers through the whole front: attach, positions, streaming, epochs, errors (reference/amqp.md §9.3, §9.6).
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/eventhub/eventhub_fixture.h"

namespace nave::test {
namespace {

using wamqp::Code;
using wamqp::Value;
using Bodies = std::vector<std::string>;

using EventReceiver = EventHubFront;

TEST_F(EventReceiver, StreamsWhatIsThereAndThenWhatComes) {
  append(0, "a");
  append(0, "b");
  append(1, "elsewhere");
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  client.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '-1'"));
  const auto attach = client.take(Code::kAttach)->as<wamqp::Attach>();
  EXPECT_EQ(attach.snd_settle_mode, wamqp::SndSettleMode::kSettled);
  EXPECT_FALSE(attach.rcv_settle_mode.has_value());
  EXPECT_EQ(attach.initial_delivery_count, 0u);
  EXPECT_EQ(attach.source->filter, receiver(0, "", "amqp.annotation.x-opt-offset > '-1'").source->filter)
      << "the filter is echoed";
  EXPECT_TRUE(bodies(client).empty()) << "no credit yet";
  client.credit(0, 0, 10);
  const auto first = client.take_message();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->settled);
  EXPECT_EQ(first->format, 0u);
  EXPECT_EQ(body_of(*first), "a");
  EXPECT_EQ(bodies(client), Bodies({"b"}));
  append(0, "c");
  EXPECT_EQ(bodies(client), Bodies({"c"}));
  EXPECT_EQ(metrics.counter("nave_eventhub_events_sent_total", "").value(), 3u);
}

struct PositionCase {
  const char* selector;
  Bodies expected;
};

TEST_F(EventReceiver, Positions) {
  for (const char* body : {"0", "1", "2", "3"}) {
    append(0, body);
    shard.clock.advance(std::chrono::milliseconds(10));
  }
  const std::string third = std::to_string(unix_ms(shard.clock.utc()) - 20);
  const std::string from_third = "amqp.annotation.x-opt-enqueued-time >= '" + third + "'";
  const std::string after_third = "amqp.annotation.x-opt-enqueuedtimeutc > " + third;
  const PositionCase cases[] = {
      {"amqp.annotation.x-opt-offset > '-1'", {"0", "1", "2", "3"}},
      {"amqp.annotation.x-opt-offset > '@latest'", {}},
      {"", {}},
      {"amqp.annotation.x-opt-offset > '1'", {"2", "3"}},
      {"amqp.annotation.x-opt-offset >= '1'", {"1", "2", "3"}},
      {"amqp.annotation.x-opt-sequence-number > 2", {"3"}},
      {"amqp.annotation.x-opt-sequence-number > '3'", {}},
      {from_third.c_str(), {"2", "3"}},
      {after_third.c_str(), {"3"}},
  };
  for (const PositionCase& c : cases) {
    const auto transport = dial_reader();
    AmqpClient client(*transport);
    client.attach(0, receiver(0, kReceiver0, c.selector));
    client.credit(0, 0, 100);
    EXPECT_EQ(bodies(client), c.expected) << c.selector;
    transport->drop();
  }
}

TEST_F(EventReceiver, NeverMoreThanTheCredit) {
  append(0, "x", 10);
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  client.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '-1'"));
  client.credit(0, 0, 3);
  EXPECT_EQ(bodies(client).size(), 3u);
  client.credit(0, 0, 2, 3);
  EXPECT_EQ(bodies(client).size(), 2u);
  client.credit(0, 0, 100, 5);
  EXPECT_EQ(bodies(client).size(), 5u);
}

TEST_F(EventReceiver, ManyEventsComeInOrderOverSeveralReads) {
  for (int i = 0; i < 1000; ++i) append(0, std::to_string(i));
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  client.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '-1'"));
  client.credit(0, 0, 5000);
  const Bodies got = bodies(client);
  ASSERT_EQ(got.size(), 1000u);
  for (size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], std::to_string(i));
}

TEST_F(EventReceiver, ASlowPeerIsNotSentMoreThanItTakes) {
  append(0, std::string(100'000, 'x'), 40);
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  transport->stalled = true;
  client.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '-1'"));
  client.credit(0, 0, 5000);
  EXPECT_GT(transport->unsent, limits::kUnsentBytesHigh);
  EXPECT_LT(transport->unsent, limits::kUnsentBytesHigh + 300'000);
  EXPECT_FALSE(transport->paused) << "credit and heartbeats must still be heard";
  size_t received = bodies(client).size();
  EXPECT_LT(received, 40u);
  for (int i = 0; i < 10; ++i) transport->drain();
  received += bodies(client).size();
  EXPECT_EQ(received, 40u);
}

TEST_F(EventReceiver, ATransportThatTakesEverythingGetsEverything) {
  append(0, std::string(100'000, 'x'), 40);
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  client.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '-1'"));
  client.credit(0, 0, 5000);
  EXPECT_EQ(bodies(client).size(), 40u);
}

TEST_F(EventReceiver, LateRepliesOfTheLogFindNobody) {
  append(0, "a");
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  client.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '@latest'"));
  client.credit(0, 0, 10);
  client.detach(0, 0);
  EXPECT_TRUE(client.take(Code::kDetach));
  append(0, "b");
  EXPECT_FALSE(client.take_message());
  client.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '-1'"));
  client.credit(0, 0, 10);
  EXPECT_EQ(bodies(client), Bodies({"a", "b"}));
  transport->drop();
  append(0, "c");
  EXPECT_EQ(event_hub.receivers().count({"$Default", 0}), 0u);
}

TEST_F(EventReceiver, WithoutARightNothingIsRead) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  client.attach(0, receiver(5, kReceiver0));
  const auto error = detach_error(client);
  EXPECT_EQ(error.condition, "amqp:unauthorized-access");
  EXPECT_NE(error.description->find("'Listen' claim(s) are required"), std::string::npos);
  EXPECT_EQ(put_token(client, device_token()), 200);
  client.attach(0, receiver(6, kReceiver0));
  EXPECT_EQ(detach_error(client).condition, "amqp:unauthorized-access") << "a device may not read";
}

struct ScopeCase {
  const char* resource;
  bool ok;
};

TEST_F(EventReceiver, TokensOverCbsInTheAudienceOfEachSdk) {
  const ScopeCase cases[] = {
      {"hub.example", true},
      {"sb://hub.example:5671/hub", true},
      {"sb://hub.example/hub/ConsumerGroups/$Default/Partitions/0", true},
      {"amqps://hub.example/HUB/consumergroups/$default/partitions/0", true},
      {"hub.example/messages/events", true},
      {"sb://hub.example/hub/ConsumerGroups/$Default/Partitions/1", false},
      {"sb://hub.example/hub/$management", false},
      {"hub.example/devices", false},
  };
  for (const ScopeCase& c : cases) {
    SCOPED_TRACE(c.resource);
    const auto transport = dial();
    AmqpClient client(*transport);
    client.sasl("ANONYMOUS");
    client.connect();
    EXPECT_EQ(put_token(client, policy_token("service", c.resource)), 200);
    client.attach(0, receiver(5, kReceiver0));
    EXPECT_EQ(client.take(Code::kDetach).has_value(), !c.ok);
    transport->drop();
  }
}

// The Event Hubs SDKs sign with the text of the key, the IoT SDKs with the bytes it decodes to.
TEST_F(EventReceiver, TokensSignedAsTheEventHubsSdksDo) {
  const std::string resource = "sb://hub.example/hub";
  const auto sign = [&](const std::string& key) {
    return auth::make_sas(resource, base64_encode(key), now_s() + 60, "service");
  };
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  EXPECT_EQ(put_token(client, sign(service_key)), 200);
  client.attach(0, receiver(5, kReceiver0));
  EXPECT_FALSE(client.take(Code::kDetach));
  const auto other = dial();
  AmqpClient forger(*other);
  forger.connect();
  EXPECT_EQ(put_token(forger, sign(service_key + "x")), 401);
  const auto device = auth::make_sas("hub.example/devices/d1", base64_encode(device_key), now_s() + 60, "");
  EXPECT_FALSE(authenticator.device({"d1", ""}, device)) << "devices sign with the decoded key only";
}

TEST_F(EventReceiver, ThePolicyNeedsServiceConnect) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  EXPECT_EQ(put_token(client, policy_token("device")), 200);
  client.attach(0, receiver(5, kReceiver0));
  EXPECT_EQ(detach_error(client).condition, "amqp:unauthorized-access");
}

TEST_F(EventReceiver, AnExpiredTokenEndsTheLinkAndARenewedOneKeepsIt) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  EXPECT_EQ(put_token(client, policy_token("service", kHost, 60)), 200);
  client.attach(0, receiver(5, kReceiver0));
  client.forget();
  shard.advance(50'000);
  client.transfer(0, 0,
                  amqp_request(Value::of_string("again"), "",
                               {{"operation", "put-token"}, {"type", "servicebus.windows.net:sastoken"}},
                               Value::of_string(policy_token("service", kHost, 60))));
  shard.advance(50'000);
  EXPECT_FALSE(client.take(Code::kDetach));
  shard.advance(12'000);
  const auto error = detach_error(client);
  EXPECT_EQ(error.condition, "amqp:unauthorized-access");
  EXPECT_FALSE(client.take(Code::kClose)) << "$cbs stays, so that the client can renew";
  EXPECT_EQ(event_hub.receivers().count({"$Default", 0}), 0u);
}

struct BadAttach {
  const char* address;
  const char* selector;
  const char* condition;
  const char* text;
};

TEST_F(EventReceiver, AttachesThatCannotBe) {
  append(0, "a");
  const BadAttach cases[] = {
      {"hub/ConsumerGroups/none/Partitions/0", "", "amqp:not-found",
       "The messaging entity 'hub:eventhub:hub~none' could not be found. TrackingId:"},
      {"hub/ConsumerGroups/$Default/Partitions/4", "", "com.microsoft:argument-out-of-range",
       "It should be between 0 and 3."},
      {"hub/ConsumerGroups/$Default/Partitions/00", "", "com.microsoft:argument-out-of-range", "'00'"},
      {"hub/ConsumerGroups/$Default/Partitions/x", "", "com.microsoft:argument-out-of-range", "'x'"},
      {kReceiver0, "garbage", "com.microsoft:argument-error", "The supplied filter 'garbage' is invalid."},
      {kReceiver0, "amqp.annotation.x-opt-offset > '17'", "com.microsoft:argument-error",
       "The supplied offset '17' is invalid. The last offset in the system is '0'"},
      {"nohub/ConsumerGroups/$Default/Partitions/0", "", "amqp:not-found", "The messaging entity"},
  };
  for (const BadAttach& c : cases) {
    SCOPED_TRACE(std::string(c.address) + " " + c.selector);
    const auto transport = dial_reader();
    AmqpClient client(*transport);
    client.attach(0, receiver(0, c.address, c.selector));
    const auto attach = client.take(Code::kAttach);
    ASSERT_TRUE(attach);
    EXPECT_FALSE(attach->as<wamqp::Attach>().source);
    const auto error = detach_error(client);
    EXPECT_EQ(error.condition, c.condition);
    EXPECT_NE(error.description->find(c.text), std::string::npos) << *error.description;
    EXPECT_NE(error.description->find("TrackingId:"), std::string::npos);
    EXPECT_EQ(event_hub.receivers().count({"$Default", 0}), 0u);
  }
}

TEST_F(EventReceiver, ConfiguredConsumerGroupsExistInAnyCase) {
  append(0, "a");
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  client.attach(0, receiver(0, "hub/consumergroups/BackEnd/partitions/0", "amqp.annotation.x-opt-offset > '-1'"));
  client.credit(0, 0, 1);
  EXPECT_EQ(bodies(client), Bodies({"a"}));
  EXPECT_EQ(event_hub.receivers().count({"backend", 0}), 1u);
}

TEST_F(EventReceiver, AHigherOwnerLevelOnAnotherConnectionTakesThePartition) {
  const auto first = dial_reader();
  const auto second = dial_reader();
  AmqpClient old(*first);
  AmqpClient young(*second);
  old.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '@latest'", 0));
  old.credit(0, 0, 10);
  old.forget();
  young.attach(0, receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '@latest'", 0));
  young.credit(0, 0, 10);
  EXPECT_FALSE(young.take(Code::kDetach));
  const auto stolen = detach_error(old);
  EXPECT_EQ(stolen.condition, "amqp:link:stolen");
  EXPECT_TRUE(
      stolen.description->starts_with("New receiver 'nil' with higher epoch of '0' is created hence current "
                                      "receiver 'nil' with epoch '0' is getting disconnected."))
      << *stolen.description;
  EXPECT_NE(stolen.description->find("SystemTracker:hub:eventhub:hub~4|$Default, Timestamp:"), std::string::npos);
  append(0, "x");
  EXPECT_TRUE(bodies(old).empty());
  EXPECT_EQ(bodies(young), Bodies({"x"}));

  const auto third = dial_reader();
  AmqpClient without(*third);
  without.attach(0, receiver(0, kReceiver0));
  const auto refused = detach_error(without);
  EXPECT_EQ(refused.condition, "amqp:link:stolen");
  EXPECT_TRUE(refused.description->starts_with("At least one receiver for the endpoint is created with epoch of '0'"));
}

TEST_F(EventReceiver, TheSixthReaderWithoutOwnerLevelIsRefused) {
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  for (uint32_t i = 0; i < limits::kEventReceiversPerPartitionMax; ++i) client.attach(0, receiver(i, kReceiver0));
  EXPECT_FALSE(client.take(Code::kDetach));
  client.attach(0, receiver(9, kReceiver0));
  EXPECT_EQ(detach_error(client).condition, "amqp:resource-limit-exceeded");
  client.detach(0, 0);
  client.forget();
  client.attach(0, receiver(10, kReceiver0));
  EXPECT_FALSE(client.take(Code::kDetach));
}

TEST_F(EventReceiver, RuntimeMetricsAreSentToThoseWhoAsk) {
  append(0, "a");
  append(0, "b");
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  wamqp::Attach attach = receiver(0, kReceiver0, "amqp.annotation.x-opt-offset > '-1'");
  attach.desired_capabilities = Value::of_symbol("com.microsoft:enable-receiver-runtime-metric");
  client.attach(0, attach);
  client.credit(0, 0, 1);
  const auto message = client.take_message();
  ASSERT_TRUE(message);
  EXPECT_EQ(wamqp::find_entry(message->view().delivery_annotations(), "last_enqueued_sequence_number").as_int64(), 1);
}

TEST_F(EventReceiver, NobodySendsToTheEventHub) {
  for (const char* target : {"hub", "/hub", "hub/Partitions/0"}) {
    const auto transport = dial_reader();
    AmqpClient client(*transport);
    client.attach(0, AmqpClient::sender(0, target, target));
    const auto error = detach_error(client);
    EXPECT_EQ(error.condition, "amqp:unauthorized-access");
    EXPECT_NE(error.description->find("'Send' claim(s) are required"), std::string::npos);
  }
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  client.attach(0, AmqpClient::sender(0, "s", kReceiver0));
  EXPECT_EQ(detach_error(client).condition, "amqp:not-allowed");
}

}  // namespace
}  // namespace nave::test
