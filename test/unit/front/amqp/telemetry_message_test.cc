// Sections, properties and annotations as an event (reference/amqp.md §4.1).
#include "front/amqp/telemetry_message.h"

#include <gtest/gtest.h>

#include "support/event_text.h"
#include "unit/front/amqp/device_fixture.h"

namespace nave::test {
namespace {

using wamqp::Value;

// The event as text, or "!" and what was wrong.
std::string read(const std::string& message) {
  static front::amqp::TelemetryMessageReader reader;  // one for all, as on a shard
  static hub::EventView event;
  const auto ok = reader.read(message, event);
  return ok ? event_text(event) : "!" + std::string(hub::row(ok.error().code).name);
}

std::string with(const wamqp::Properties& properties) {
  return MessageText::properties(properties) + MessageText::data("b");
}

TEST(TelemetryMessage, EveryProperty) {
  wamqp::Properties p;
  const Value mid = Value::of_string("m");
  const Value cid = Value::of_string("c");
  p.message_id = mid.view();
  p.correlation_id = cid.view();
  p.user_id = "u";
  p.to = "/devices/d1/messages/events";
  p.content_type = "application/json";
  p.content_encoding = "utf-8";
  p.absolute_expiry_time_ms = 1'786'784'856'123;
  EXPECT_EQ(read(with(p)), "{1=m,2=c,3=u,4=/devices/d1/messages/events,5=application/json,6=utf-8,7=1786784856123}{}b");
}

TEST(TelemetryMessage, IdsOfEveryTypeBecomeText) {
  struct Case {
    Value id;
    const char* text;
  };
  const Case cases[] = {
      {Value::of_string("text"), "{1=text}{}b"},
      {Value::of_ulong(77), "{1=77}{}b"},
      {Value::of_uuid(wamqp::parse_uuid("6B3F8F2A-0000-4000-8000-0123456789AB").value()),
       "{1=6b3f8f2a-0000-4000-8000-0123456789ab}{}b"},
      {Value::of_binary("plain"), "{1=plain}{}b"},
      {Value::of_binary("\xff\xfe"), "{1=//4=}{}b"},
      {Value(), "{}{}b"},
  };
  for (const Case& c : cases) {
    wamqp::Properties p;
    p.message_id = c.id.view();
    EXPECT_EQ(read(with(p)), c.text);
  }
}

TEST(TelemetryMessage, ReservedApplicationPropertiesAreSystemProperties) {
  EXPECT_EQ(read(MessageText::application({{"iothub-ack", Value::of_string("full")},
                                           {"iothub-operation", Value::of_string("op")},
                                           {"iothub-message-schema", Value::of_string("s")},
                                           {"iothub-creation-time-utc", Value::of_string("2026-01-02T03:04:05Z")},
                                           {"iothub-outputname", Value::of_string("out")},
                                           {"mine", Value::of_string("x")}}) +
                 MessageText::data("b")),
            "{8=2026-01-02T03:04:05Z,9=out,12=s,21=op,22=full}{mine=x}b");
}

// The hub's own words: kept apart here, dropped by Ingest.
TEST(TelemetryMessage, ClaimsAboutTheConnectionAreNotApplicationProperties) {
  EXPECT_EQ(read(MessageText::application({{"iothub-connection-device-id", Value::of_string("other")},
                                           {"iothub-connection-module-id", Value::of_string("other")}})),
            "{}{}");
}

TEST(TelemetryMessage, AnnotationsThatMeanSomething) {
  EXPECT_EQ(read(MessageText::annotations({{"iothub-interface-id", "urn:x"},
                                           {"dt-subject", "thermostat1"},
                                           {"Diagnostic-Id", "id"},
                                           {"Correlation-Context", "ctx"},
                                           {"x-opt-anything", "no"}}) +
                 MessageText::data("b")),
            "{10=urn:x,11=thermostat1,14=id,15=ctx}{}b");
}

TEST(TelemetryMessage, ScalarsBecomeText) {
  EXPECT_EQ(read(MessageText::application({{"bool", Value::of_bool(true)},
                                           {"byte", Value::of_byte(-1)},
                                           {"double", Value::of_double(0.1)},
                                           {"float", Value::of_float(21.5F)},
                                           {"int", Value::of_int(-5)},
                                           {"null", Value()},
                                           {"symbol", Value::of_symbol("s")},
                                           {"time", Value::of_timestamp_ms(12)},
                                           {"ulong", Value::of_ulong(UINT64_MAX)}})),
            "{}{bool=true,byte=-1,double=0.1,float=21.5,int=-5,null,symbol=s,time=12,ulong=18446744073709551615}");
}

TEST(TelemetryMessage, OfOneNameTheLastCounts) {
  std::vector<std::pair<std::string, Value>> many;
  for (int i = 0; i < 100; ++i) many.emplace_back("k" + std::to_string(i % 3), Value::of_int(i));
  EXPECT_EQ(read(MessageText::application(many)), "{}{k0=99,k1=97,k2=98}");
}

TEST(TelemetryMessage, Bodies) {
  EXPECT_EQ(read(MessageText::data("one")), "{}{}one");
  EXPECT_EQ(read(MessageText::data("one") + MessageText::data("") + MessageText::data("two")), "{}{}onetwo");
  EXPECT_EQ(read(MessageText::value(Value::of_string("text"))), "{}{}text");
  EXPECT_EQ(read(MessageText::value(Value::of_binary(std::string("\0\xff", 2)))), std::string("{}{}\0\xff", 6));
  EXPECT_EQ(read(MessageText::value(Value())), "{}{}");
  EXPECT_EQ(read(""), "{}{}");
  EXPECT_EQ(read(MessageText::value(Value::of_int(5))), "!IotHubFormatError");
  EXPECT_EQ(read(MessageText::value(Value::map())), "!IotHubFormatError");
  EXPECT_EQ(read(std::string("\x00\x53\x76\x45", 4)), "!IotHubFormatError");  // AmqpSequence
}

TEST(TelemetryMessage, SectionsInAnyOrder) {
  EXPECT_EQ(read(MessageText::data("b") + MessageText::annotations({{"dt-subject", "c"}}) +
                 MessageText::application({{"k", Value::of_string("v")}})),
            "{11=c}{k=v}b");
}

TEST(TelemetryMessage, WhatCannotBeKeptIsRefused) {
  EXPECT_EQ(read("no message"), "!IotHubFormatError");
  EXPECT_EQ(read(MessageText::application({{"k", Value::of_string("\xff")}})), "!IotHubFormatError");
  EXPECT_EQ(read(MessageText::application({{"\xff", Value::of_string("v")}})), "!IotHubFormatError");
  EXPECT_EQ(read(MessageText::application({{"k", Value::map()}})), "!IotHubFormatError");
  EXPECT_EQ(read(MessageText::annotations({{"dt-subject", "\xff"}})), "!IotHubFormatError");
  EXPECT_EQ(read(MessageText::data("whole").substr(0, 6)), "!IotHubFormatError");
  wamqp::Properties p;
  p.to = "\xff";
  EXPECT_EQ(read(with(p)), "!IotHubFormatError");
}

}  // namespace
}  // namespace nave::test
