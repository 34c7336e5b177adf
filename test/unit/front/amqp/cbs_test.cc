// $cbs against every client's way of asking (reference/amqp.md §3).
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/amqp/amqp_fixture.h"

namespace nave::test {
namespace {

using wamqp::Attach;
using wamqp::Code;
using wamqp::Type;
using wamqp::Value;

using Cbs = AmqpFront;

wamqp::Uuid a_uuid() {
  wamqp::Uuid u{};
  u[0] = 0x6b;
  u[15] = 0x01;
  return u;
}

struct ClientCase {
  const char* who;
  Value message_id;
  const char* reply_to;
  const char* receiver_name;
  const char* receiver_target;  // nullptr: none
  const char* token_type;
  bool presettled;
  const char* tag;
};

TEST_F(Cbs, EveryClientGetsItsReply) {
  const ClientCase cases[] = {
      {"Node IoT", Value::of_string("7f2c"), "cbs", "rheaReceiver_1", nullptr, "servicebus.windows.net:sastoken", false,
       "1"},
      {"C# IoT", Value::of_string("g"), "0f0e", "duplex:receiver", "0f0e", "azure-devices.net:sastoken", true, ""},
      {"C device", Value::of_ulong(0), "", "$cbs-receiver", "$cbs", "servicebus.windows.net:sastoken", false, "1"},
      {"Java device", Value::of_uuid(a_uuid()), "cbs", "cbs-receiver", "cbs", "servicebus.windows.net:sastoken", false,
       "1"},
      {"EH JS", Value::of_string("u"), "cbs-uuid", "cbs-uuid", nullptr, "servicebus.windows.net:sastoken", false, "1"},
      {"EH Python", Value::of_uuid(a_uuid()), "", "cbs-rx", "$cbs", "servicebus.windows.net:SASToken", false, "1"},
      {"EH Java", Value::of_ulong(7), "cbs-client-reply-to", "cbs:receiver", "cbs-client-reply-to",
       "servicebus.windows.net:sastoken", false, "1"},
      {"EH Go", Value::of_string("m"), "$cbs$$cbs-reply-to-1", "x", "$cbs$$cbs-reply-to-1",
       "servicebus.windows.net:sastoken", false, "1"},
  };
  for (const ClientCase& c : cases) {
    SCOPED_TRACE(c.who);
    const auto transport = dial();
    AmqpClient client(*transport);
    client.connect();
    client.attach(0, AmqpClient::sender(0, "tx", "$cbs"));
    Attach rx = AmqpClient::receiver(1, c.receiver_name, "$cbs");
    if (c.receiver_target != nullptr) rx.target->address = Value::of_string(c.receiver_target);
    client.attach(0, rx);
    client.credit(0, 1, 100);
    client.forget();
    client.transfer(
        0, 0,
        amqp_request(c.message_id, c.reply_to, {{"operation", "put-token"}, {"type", c.token_type}, {"name", "any"}},
                     Value::of_string(device_token())),
        c.tag, c.presettled);

    // The disposition comes before the reply (R15).
    const std::vector<Code> expected =
        c.presettled ? std::vector<Code>{Code::kTransfer} : std::vector<Code>{Code::kDisposition, Code::kTransfer};
    EXPECT_EQ(client.codes(), expected);
    const auto reply = client.take_message();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->handle, 1u);
    EXPECT_EQ(reply->tag.size(), 4u);
    EXPECT_FALSE(reply->settled);
    const auto view = reply->view();
    const auto properties = view.properties();
    ASSERT_TRUE(properties);
    EXPECT_EQ(Value::decode(properties->correlation_id), c.message_id) << "echoed with its type";
    const auto status = wamqp::find_entry(view.application_properties(), "status-code");
    EXPECT_EQ(status.type, Type::kInt);
    EXPECT_EQ(status.as_int64(), 200);
    const auto text = wamqp::find_entry(view.application_properties(), "status-description");
    EXPECT_EQ(text.type, Type::kString);
    EXPECT_EQ(text.as_text(), "OK");
    EXPECT_EQ(view.body_kind(), wamqp::BodyKind::kNone);
  }
}

// The whole frame that a real hub sent (reference/amqp.md §1, golden vectors); ours differs in the flags that say the
// same (aborted and more are written out).
TEST_F(Cbs, ReplyMessageIsByteForByteTheRealOne) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  client.attach(0, AmqpClient::sender(0, "$cbs-sender", "$cbs"));
  client.attach(0, AmqpClient::receiver(1, "$cbs-receiver", "$cbs"));
  client.credit(0, 1, 100);
  client.transfer(
      0, 0,
      amqp_request(
          Value::of_ulong(0), "",
          {{"type", "servicebus.windows.net:sastoken"}, {"name", "hub.example/devices/d1"}, {"operation", "put-token"}},
          Value::of_string(device_token())));
  const auto reply = client.take_message();
  ASSERT_TRUE(reply);
  EXPECT_EQ(to_hex(reply->bytes),
            "005373c00e0d40404040404440404040404040"
            "005374c12b04a10b7374617475732d636f646571000000c8a1127374617475732d6465736372697074696f6ea1024f4b");
}

struct RefusalCase {
  const char* what;
  const char* operation;
  const char* type;
  std::string token;
  int status;
};

TEST_F(Cbs, RefusalsAreAnsweredAndGrantNothing) {
  const std::string sas = "servicebus.windows.net:sastoken";
  const std::string good = device_token();
  const RefusalCase cases[] = {
      {"operation", "delete-token", sas.c_str(), good, 400},
      {"type", "put-token", "amqp:swt", good, 400},
      {"no token", "put-token", sas.c_str(), "", 400},
      {"not a SAS", "put-token", sas.c_str(), "hello", 400},
      {"expired", "put-token", sas.c_str(), device_token(-limits::kSasClockSkewSeconds - 10), 401},
      {"signature", "put-token", sas.c_str(), auth::make_sas("hub.example/devices/d1", service_key, now_s() + 60, ""),
       401},
      {"unknown device", "put-token", sas.c_str(),
       auth::make_sas("hub.example/devices/nobody", device_key, now_s() + 60, ""), 401},
      {"another host", "put-token", sas.c_str(), policy_token("service", "other.example"), 401},
      {"web token", "put-token", "jwt", "Bearer x.y.z", 401},
  };
  for (const RefusalCase& c : cases) {
    SCOPED_TRACE(c.what);
    const auto transport = dial();
    AmqpClient client(*transport);
    client.connect();
    client.attach(0, AmqpClient::sender(0, "tx", "$cbs"));
    client.attach(0, AmqpClient::receiver(1, "rx", "$cbs"));
    client.credit(0, 1, 1);
    client.transfer(0, 0,
                    amqp_request(Value::of_string("1"), "", {{"operation", c.operation}, {"type", c.type}},
                                 c.token.empty() ? Value() : Value::of_string(c.token)));
    const auto reply = client.take_message();
    ASSERT_TRUE(reply);
    EXPECT_EQ(wamqp::find_entry(reply->view().application_properties(), "status-code").as_int64(), c.status);
    const auto* connection = static_cast<front::amqp::Connection*>(transport->handler());
    EXPECT_TRUE(const_cast<front::amqp::Connection*>(connection)->grants().empty());
  }
}

TEST_F(Cbs, AzureEventhubForPythonCallsASasAWebToken) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  client.attach(0, AmqpClient::sender(0, "tx", "$cbs"));
  client.attach(0, AmqpClient::receiver(1, "rx", "$cbs"));
  client.credit(0, 1, 1);
  client.transfer(0, 0,
                  amqp_request(Value::of_string("1"), "", {{"operation", "put-token"}, {"type", "jwt"}},
                               Value::of_string(device_token())));
  const auto reply = client.take_message();
  ASSERT_TRUE(reply);
  EXPECT_EQ(wamqp::find_entry(reply->view().application_properties(), "status-code").as_int64(), 200);
}

TEST_F(Cbs, TheReplyWaitsForCredit) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  client.attach(0, AmqpClient::sender(0, "tx", "$cbs"));
  client.attach(0, AmqpClient::receiver(1, "rx", "$cbs"));
  client.transfer(
      0, 0,
      amqp_request(Value::of_ulong(1), "", {{"operation", "put-token"}, {"type", "servicebus.windows.net:sastoken"}},
                   Value::of_string(device_token())));
  EXPECT_FALSE(client.take_message());
  client.credit(0, 1, 1);
  EXPECT_TRUE(client.take_message());
}

TEST_F(Cbs, TheReplyStaysInTheSessionOfTheRequest) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  client.begin(1);
  for (const uint16_t channel : {uint16_t{0}, uint16_t{1}}) {
    client.attach(channel, AmqpClient::sender(0, "tx", "$cbs"));
    client.attach(channel, AmqpClient::receiver(1, "rx", "$cbs"));
    client.credit(channel, 1, 10);
  }
  for (const uint16_t channel : {uint16_t{1}, uint16_t{0}}) {
    client.forget();
    client.transfer(channel, 0,
                    amqp_request(Value::of_ulong(channel), "",
                                 {{"operation", "put-token"}, {"type", "servicebus.windows.net:sastoken"}},
                                 Value::of_string(device_token())));
    const auto reply = client.take_message();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->channel, channel);
  }
}

TEST_F(Cbs, GarbageIsRejectedWithoutAReply) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  client.attach(0, AmqpClient::sender(0, "tx", "$cbs"));
  client.attach(0, AmqpClient::receiver(1, "rx", "$cbs"));
  client.credit(0, 1, 10);
  client.forget();
  client.transfer(0, 0, "not a message");
  const auto disposition = client.take(Code::kDisposition);
  ASSERT_TRUE(disposition);
  const auto state = wamqp::decode_outcome(disposition->as<wamqp::Disposition>().state);
  ASSERT_TRUE(std::holds_alternative<wamqp::Rejected>(state));
  EXPECT_EQ(std::get<wamqp::Rejected>(state).error->condition, "amqp:decode-error");
  EXPECT_FALSE(client.take_message());
}

TEST_F(Cbs, ManyDevicesOnOneConnection) {
  front::amqp::Grants grants(authenticator);
  const auto grant = authenticator.by_audience(device_token());
  ASSERT_TRUE(grant);
  for (size_t i = 0; i < limits::kAmqpGrantsPerConnectionMax; ++i) {
    auto copy = std::get<hub::DeviceGrant>(*grant);
    copy.identity.key.device = "d" + std::to_string(i);
    ASSERT_TRUE(grants.add(copy, now_s()));
  }
  auto more = std::get<hub::DeviceGrant>(*grant);
  more.identity.key.device = "one-more";
  EXPECT_FALSE(grants.add(more, now_s()));
  more.identity.key.device = "d1";
  EXPECT_TRUE(grants.add(more, now_s())) << "a renewal needs no room";
  EXPECT_NE(grants.device({"d7", ""}), nullptr);
  EXPECT_EQ(grants.device({"D7", ""}), nullptr) << "ids compare exactly";
}

TEST_F(Cbs, GrantsEndWithTheirTokens) {
  front::amqp::Grants grants(authenticator);
  ASSERT_TRUE(grants.add(*authenticator.by_audience(device_token(60)), now_s()));
  ASSERT_TRUE(grants.add(*authenticator.by_audience(policy_token("service", kHost, 120)), now_s()));
  EXPECT_FALSE(grants.prune(now_s() + 59));
  EXPECT_TRUE(grants.prune(now_s() + 60));
  EXPECT_EQ(grants.device({"d1", ""}), nullptr);
  EXPECT_NE(grants.service(auth::Right::kServiceConnect, {"hub"}), nullptr);
  EXPECT_EQ(grants.service(auth::Right::kRegistryRead, {"hub"}), nullptr);
  policies.replace({});
  EXPECT_TRUE(grants.prune(now_s() + 61)) << "the policy is gone";
  EXPECT_TRUE(grants.empty());
}

}  // namespace
}  // namespace nave::test
