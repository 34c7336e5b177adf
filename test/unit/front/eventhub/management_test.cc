// $management and the redirect from the IoT hub's address (reference/amqp.md §9.1, §9.5).
#include <gtest/gtest.h>

#include "unit/front/eventhub/eventhub_fixture.h"

namespace nave::test {
namespace {

using wamqp::Code;
using wamqp::Type;
using wamqp::Value;
using Properties = std::vector<std::pair<std::string, std::string>>;

class Management : public EventHubFront {
 protected:
  // Asks on handles 0 and 1 of channel 0, attaching them the first time.
  AmqpMessage ask(AmqpClient& client, const Properties& properties, const char* address = "$management") {
    if (!attached_) {
      client.attach(0, AmqpClient::sender(0, "tx", address));
      client.attach(0, AmqpClient::receiver(1, "rx", address));
      client.credit(0, 1, 100);
      attached_ = true;
    }
    client.forget();
    client.transfer(0, 0, amqp_request(Value::of_ulong(5), "rx", properties, Value()));
    return client.take_message().value_or(AmqpMessage{});
  }
  static int64_t status(const AmqpMessage& m) {
    return wamqp::find_entry(m.view().application_properties(), "status-code").as_int64().value_or(0);
  }
  static std::string text(const AmqpMessage& m, const char* key) {
    const auto view = m.view();
    return std::string(wamqp::find_entry(view.application_properties(), key).as_text().value_or(""));
  }
  static Value body(const AmqpMessage& m) { return Value::decode(m.view().body_value()).value_or(Value()); }

  bool attached_ = false;
};

TEST_F(Management, EventHub) {
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  const auto reply = ask(client, {{"operation", "READ"}, {"type", "com.microsoft:eventhub"}, {"name", "hub"}});
  EXPECT_EQ(status(reply), 200);
  EXPECT_EQ(Value::decode(reply.view().properties()->correlation_id), Value::of_ulong(5));
  EXPECT_EQ(reply.view().body_kind(), wamqp::BodyKind::kValue);
  const Value map = body(reply);
  ASSERT_EQ(map.type(), Type::kMap);
  EXPECT_EQ(map.key(0).type(), Type::kString);
  EXPECT_EQ(*map.find("name"), Value::of_string("hub"));
  EXPECT_EQ(*map.find("type"), Value::of_string("com.microsoft:eventhub"));
  EXPECT_EQ(*map.find("created_at"), Value::of_timestamp_ms(1'700'000'000'000));
  EXPECT_EQ(*map.find("partition_count"), Value::of_int(4));
  EXPECT_EQ(*map.find("georeplication_factor"), Value::of_int(1));
  const Value& ids = *map.find("partition_ids");
  EXPECT_EQ(ids.type(), Type::kArray);
  EXPECT_EQ(ids.element_type(), Type::kString);
  ASSERT_EQ(ids.elements().size(), 4u);
  EXPECT_EQ(ids.elements()[3].as_text(), "3");
}

TEST_F(Management, PartitionWithEventsAndWithout) {
  append(2, "a");
  append(2, "b");
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  const Value full = body(
      ask(client, {{"operation", "READ"}, {"type", "com.microsoft:partition"}, {"name", "hub"}, {"partition", "2"}}));
  EXPECT_EQ(*full.find("partition"), Value::of_string("2"));
  EXPECT_EQ(*full.find("begin_sequence_number"), Value::of_long(0));
  EXPECT_EQ(*full.find("last_enqueued_sequence_number"), Value::of_long(1));
  EXPECT_EQ(*full.find("last_enqueued_offset"), Value::of_string("1"));
  EXPECT_EQ(*full.find("last_enqueued_time_utc"), Value::of_timestamp_ms(unix_ms(shard.clock.utc())));
  EXPECT_EQ(*full.find("is_partition_empty"), Value::of_bool(false));
  const Value empty = body(
      ask(client, {{"operation", "READ"}, {"type", "com.microsoft:partition"}, {"name", "hub"}, {"partition", "0"}}));
  EXPECT_EQ(*empty.find("begin_sequence_number"), Value::of_long(0));
  EXPECT_EQ(*empty.find("last_enqueued_sequence_number"), Value::of_long(-1));
  EXPECT_EQ(*empty.find("last_enqueued_offset"), Value::of_string("-1"));
  EXPECT_EQ(empty.find("last_enqueued_time_utc")->type(), Type::kTimestamp);
  EXPECT_EQ(*empty.find("is_partition_empty"), Value::of_bool(true));
}

struct ErrorCase {
  Properties request;
  int status;
  const char* condition;
  const char* text;
};

TEST_F(Management, Errors) {
  const ErrorCase cases[] = {
      {{{"operation", "READ"}, {"type", "com.microsoft:eventhub"}, {"name", "other"}},
       404,
       "amqp:not-found",
       "The messaging entity 'hub:eventhub:other' could not be found."},
      {{{"operation", "READ"}, {"type", "com.microsoft:partition"}, {"name", "hub"}, {"partition", "4"}},
       400,
       "com.microsoft:argument-out-of-range",
       "between 0 and 3"},
      {{{"operation", "READ"}, {"type", "com.microsoft:partition"}, {"name", "hub"}},
       400,
       "com.microsoft:argument-out-of-range",
       "between 0 and 3"},
      {{{"operation", "READ"}, {"type", "x"}, {"name", "hub"}}, 400, "com.microsoft:argument-error", "type"},
      {{{"operation", "WRITE"}, {"type", "com.microsoft:eventhub"}, {"name", "hub"}}, 501, "amqp:not-implemented", ""},
  };
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  for (const ErrorCase& c : cases) {
    const auto reply = ask(client, c.request);
    EXPECT_EQ(status(reply), c.status);
    EXPECT_EQ(text(reply, "error-condition"), c.condition);
    EXPECT_NE(text(reply, "status-description").find(c.text), std::string::npos) << text(reply, "status-description");
    EXPECT_EQ(reply.view().body_kind(), wamqp::BodyKind::kNone);
  }
}

TEST_F(Management, TheRequestMayBringItsOwnToken) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  Properties request{{"operation", "READ"}, {"type", "com.microsoft:eventhub"}, {"name", "hub"}};
  EXPECT_EQ(status(ask(client, request, "hub/$management")), 401);
  request.emplace_back("security_token", device_token());
  EXPECT_EQ(status(ask(client, request)), 401);
  request.back().second = policy_token("device");
  EXPECT_EQ(status(ask(client, request)), 401);
  request.back().second = policy_token("service", "sb://hub.example/hub/$management");
  EXPECT_EQ(status(ask(client, request)), 200);
}

TEST_F(Management, AMisspeltEntityIsNotFoundEvenWithATokenForThatName) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.connect();
  EXPECT_EQ(status(ask(client, {{"operation", "READ"},
                                {"type", "com.microsoft:eventhub"},
                                {"name", "other"},
                                {"security_token", policy_token("service", "sb://hub.example/other/$management")}})),
            404);
}

TEST_F(Management, ABadTokenInTheRequestDoesNotMatterWhenTheConnectionMay) {
  const auto transport = dial_reader();
  AmqpClient client(*transport);
  EXPECT_EQ(
      status(ask(
          client,
          {{"operation", "READ"}, {"type", "com.microsoft:eventhub"}, {"name", "HUB"}, {"security_token", "garbage"}})),
      200);
}

struct RedirectCase {
  const char* address;
  const char* expected;
};

TEST_F(Management, RedirectFromTheIotHub) {
  const RedirectCase cases[] = {
      {"amqps://hub.example/messages/events/$management", "amqps://hub.example:5671/hub/$management"},
      {"/messages/events/ConsumerGroups/$Default/Partitions/1",
       "amqps://hub.example:5671/hub/ConsumerGroups/$Default/Partitions/1"},
  };
  for (const RedirectCase& c : cases) {
    SCOPED_TRACE(c.address);
    const auto transport = dial_reader();
    AmqpClient client(*transport);
    client.attach(0, AmqpClient::receiver(0, "rx", c.address));
    EXPECT_EQ(client.codes(), std::vector<Code>({Code::kAttach, Code::kDetach}));
    const auto attach = client.take(Code::kAttach)->as<wamqp::Attach>();
    EXPECT_FALSE(attach.source);
    EXPECT_FALSE(attach.target);
    EXPECT_EQ(attach.initial_delivery_count, 0u);
    const auto error = detach_error(client);
    EXPECT_EQ(error.condition, "amqp:link:redirect");
    EXPECT_FALSE(error.description);
    ASSERT_EQ(error.info.entry_count(), 4u);
    EXPECT_EQ(error.info.key(0).type(), Type::kSymbol);
    EXPECT_EQ(*error.info.find("hostname"), Value::of_string("hub.example"));
    EXPECT_EQ(*error.info.find("network-host"), Value::of_string("hub.example"));
    EXPECT_EQ(*error.info.find("port"), Value::of_int(5671));
    EXPECT_EQ(*error.info.find("address"), Value::of_string(c.expected));
  }
}

TEST_F(Management, TheRedirectNeedsTheRight) {
  const auto transport = dial();
  AmqpClient client(*transport);
  client.plain("device@sas.root.hub", policy_token("device"));
  client.connect();
  client.attach(0, AmqpClient::receiver(0, "rx", "messages/events/$management"));
  EXPECT_EQ(detach_error(client).condition, "amqp:unauthorized-access");
}

}  // namespace
}  // namespace nave::test
