#include "front/amqp/connection.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "front/amqp/errors.h"
#include "unit/front/amqp/amqp_fixture.h"

namespace nave::test {
namespace {

using wamqp::Code;
using wamqp::Value;

using AmqpConnection = AmqpFront;

uint8_t sasl_code(AmqpClient& client) {
  const auto outcome = client.take(Code::kSaslOutcome);
  if (!outcome) return 255;
  wamqp::Elements fields(outcome->described()->value);
  return static_cast<uint8_t>(fields.next().as_uint64().value_or(255));
}

TEST_F(AmqpConnection, OffersTheMechanismsOfTheRealHub) {
  const auto transport = dial();
  AmqpClient client(*transport);
  transport->deliver(ByteView("AMQP\x03\x01\x00\x00", 8));
  const auto mechanisms = client.take(Code::kSaslMechanisms);
  ASSERT_TRUE(mechanisms);
  EXPECT_EQ(to_hex(mechanisms->body),
            "005340c03201e02f04b30000000845585445524e414c000000074d53534243425300000009414e4f4e594d4f555300000005504c41"
            "494e");
}

TEST_F(AmqpConnection, MechanismsThatSayNothingLetEverybodyIn) {
  for (const char* mechanism : {"MSSBCBS", "ANONYMOUS", "EXTERNAL"}) {
    const auto transport = dial();
    AmqpClient client(*transport);
    client.sasl(mechanism);
    EXPECT_EQ(sasl_code(client), 0) << mechanism;
    client.connect();
    EXPECT_TRUE(client.take(Code::kOpen)) << mechanism;
    EXPECT_TRUE(client.take(Code::kBegin)) << mechanism;
  }
}

TEST_F(AmqpConnection, OpenWithoutSasl) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  const auto open = client.take(Code::kOpen);
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->as<wamqp::Open>().container_id.starts_with("DeviceGateway_"));
}

struct PlainCase {
  const char* user;
  std::string password;
  bool ok;
};

TEST_F(AmqpConnection, PlainLogins) {
  const PlainCase cases[] = {
      {"service@sas.root.hub", policy_token(), true},
      {"service@sas.root.HUB", policy_token(), true},
      {"service@sas.root.localhost", policy_token(), true},
      {"d1@sas.hub", device_token(), true},
      {"d1@hub", device_token(), true},
      {"service@sas.root.other", policy_token(), false},
      {"device@sas.root.hub", policy_token("service"), false},
      {"d2@sas.hub", device_token(), false},
      {"service@sas.root.hub", "", false},
      {"service@sas.root.hub", policy_token("service", kHost, -limits::kSasClockSkewSeconds - 10), false},
  };
  for (const PlainCase& c : cases) {
    SCOPED_TRACE(c.user);
    const auto transport = dial();
    AmqpClient client(*transport);
    client.plain(c.user, c.password);
    EXPECT_EQ(sasl_code(client), c.ok ? 0 : 1);
    EXPECT_EQ(transport->closed, !c.ok);
  }
}

TEST_F(AmqpConnection, UnknownAddressesAreRefusedInWords) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  client.attach(0, AmqpClient::receiver(0, "rx", "amqps://hub.example/no/such/thing"));
  const auto attach = client.take(Code::kAttach);
  ASSERT_TRUE(attach);
  const auto answer = attach->as<wamqp::Attach>();
  EXPECT_EQ(answer.name, "rx");
  EXPECT_FALSE(answer.source);
  EXPECT_FALSE(answer.target);
  const auto detach = client.take(Code::kDetach);
  ASSERT_TRUE(detach);
  const auto d = detach->as<wamqp::Detach>();
  EXPECT_TRUE(d.closed);
  ASSERT_TRUE(d.error);
  EXPECT_EQ(d.error->condition, "amqp:not-found");
  EXPECT_TRUE(d.error->description->starts_with(
      "The messaging entity 'amqps://hub.example/no/such/thing' could not be found. TrackingId:"));
  ASSERT_NE(d.error->info.find("com.microsoft:tracking-id"), nullptr);
  EXPECT_EQ(d.error->info.find("com.microsoft:tracking-id")->type(), wamqp::Type::kString);
  EXPECT_EQ(d.error->info.find("com.microsoft:is-filtered")->as_bool(), true);
}

TEST_F(AmqpConnection, ASilentPeerIsDropped) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.bare_header();
  shard.advance(limits::kAmqpOpenArrivalMs - 1000);
  EXPECT_FALSE(transport->aborted);
  shard.advance(2000);
  EXPECT_TRUE(transport->aborted);
}

TEST_F(AmqpConnection, AFinishedConnectionIsLeftToItsTransport) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  shard.advance(limits::kAmqpOpenArrivalMs + 1000);
  std::string body;
  wamqp::encode_close({}, body);
  client.frame(0, 0, body);
  EXPECT_TRUE(client.take(Code::kClose));
  EXPECT_TRUE(transport->closed);
  EXPECT_FALSE(transport->aborted);
  shard.advance(2 * limits::kAmqpIdleTimeoutMs);
  EXPECT_FALSE(transport->aborted) << "the last bytes may still be on their way";
}

TEST_F(AmqpConnection, AnOpenedConnectionMayBeQuietForItsIdleTime) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  shard.advance(limits::kAmqpIdleTimeoutMs);
  EXPECT_FALSE(transport->closed);
  EXPECT_FALSE(transport->aborted);
  shard.advance(limits::kAmqpIdleTimeoutMs);
  EXPECT_TRUE(transport->closed || transport->aborted);
}

TEST_F(AmqpConnection, HeartbeatsComeBeforeThePeersIdleTimeEnds) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.bare_header();
  std::string body;
  wamqp::Open open;
  open.container_id = "c";
  open.idle_timeout_ms = 30'000;
  wamqp::encode(open, body);
  client.frame(0, 0, body);
  client.forget();
  shard.advance(20'000);
  EXPECT_EQ(transport->take_sent(), std::string("\x00\x00\x00\x08\x02\x00\x00\x00", 8));
}

TEST_F(AmqpConnection, APlainConnectionIsClosedWhenItsTokenExpires) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.plain("service@sas.root.hub", policy_token("service", kHost, 30));
  client.connect();
  shard.advance(29'000);
  EXPECT_FALSE(client.take(Code::kClose));
  shard.advance(3'000);
  const auto close = client.take(Code::kClose);
  ASSERT_TRUE(close);
  wamqp::Elements fields(close->described()->value);
  const auto error = wamqp::decode_error(fields.next());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->condition, "amqp:unauthorized-access");
}

TEST_F(AmqpConnection, APlainConnectionIsClosedWhenItsPolicyLosesTheKey) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.plain("service@sas.root.hub", policy_token());
  client.connect();
  client.forget();
  policies.replace({{"service", auth::Rights{auth::Right::kServiceConnect}, base64_encode("0123456789abcdef"),
                     base64_encode("another 16 bytes")}});
  shard.advance(1'100);
  EXPECT_TRUE(client.take(Code::kClose));
}

TEST_F(AmqpConnection, AnswersStopBeingAskedForWhenTheyAreNotTaken) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  transport->stalled = true;
  transport->unsent = 2 * limits::kUnsentBytesHigh;
  client.attach(0, AmqpClient::sender(0, "tx", "$cbs"));
  EXPECT_TRUE(transport->paused);
  transport->drain();
  EXPECT_FALSE(transport->paused);
}

TEST_F(AmqpConnection, TheGaugeCountsConnections) {
  Gauge& gauge = metrics.gauge("nave_amqp_connections", "");
  const auto a = dial();
  const auto b = dial();
  EXPECT_EQ(gauge.value(), 2);
  a->drop();
  EXPECT_EQ(gauge.value(), 1);
  b->close();
  shard.run_until_idle();
  EXPECT_EQ(gauge.value(), 0);
}

TEST(AmqpErrors, ConditionsComeFromTheTableAndReasonsOfRefusalsStayInside) {
  const auto now = from_unix_ms(1'786'784'856'000);
  const auto gone = front::amqp::make_error(hub::Error(hub::ErrorCode::kDeviceNotFound), now);
  EXPECT_EQ(gone.condition, "amqp:not-found");
  EXPECT_TRUE(gone.description->starts_with("The device does not exist TrackingId:"));
  const auto secret =
      front::amqp::make_error(hub::Error(hub::ErrorCode::kIotHubUnauthorizedAccess, "the device is disabled"), now);
  EXPECT_EQ(secret.condition, "amqp:unauthorized-access");
  EXPECT_EQ(secret.description->find("disabled"), std::string::npos);
}

TEST(AmqpErrors, WhatAPeerSentIsMadePrintable) {
  EXPECT_EQ(front::amqp::printable("a\n\xc3\xa9z"), "a???z");
  EXPECT_EQ(front::amqp::printable(std::string(256, 'x')).size(), 256u);
  EXPECT_EQ(front::amqp::printable(std::string(257, 'x')).size(), 256u);
}

}  // namespace
}  // namespace nave::test
