#include "front/eventhub/event_message.h"

#include <gtest/gtest.h>

#include "wire/amqp/message.h"

namespace nave::front::eventhub {
namespace {

using hub::SystemProperty;
using wire::amqp::find_entry;
using wire::amqp::Item;
using wire::amqp::MessageView;
using wire::amqp::Type;

const UtcTime kEnqueued = from_unix_ms(1'786'784'856'123);

std::string encode(const hub::EventView& event, const RuntimeMetric* metric = nullptr) {
  std::string out;
  encode_event_message(event, SequenceNumber{1234567}, kEnqueued, metric, out);
  return out;
}

TEST(EventMessage, AnnotationsHaveTheTypesTheSdksRead) {
  hub::EventView event;
  event.system = {
      {SystemProperty::kConnectionDeviceId, "d1"},
      {SystemProperty::kConnectionModuleId, "m1"},
      {SystemProperty::kAuthMethod,
       R"({"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null})"},
      {SystemProperty::kAuthGenerationId, "637375045610235418"},
      {SystemProperty::kMessageSource, "Telemetry"},
      {SystemProperty::kInterfaceId, "i"},
      {SystemProperty::kModelId, "dtmi:a;1"},
      {SystemProperty::kComponent, "c"},
      {SystemProperty::kDiagnosticId, "diag"},
      {SystemProperty::kCorrelationContext, "ctx"},
      {SystemProperty::kCreationTimeUtc, "2026-01-01T00:00:00Z"},
      {SystemProperty::kOutputName, "o"},
      {SystemProperty::kMessageSchema, "s"},
  };
  event.body = "{}";
  const std::string bytes = encode(event);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message);
  const Item& a = message->message_annotations();
  EXPECT_EQ(find_entry(a, "x-opt-sequence-number").type, Type::kLong);
  EXPECT_EQ(find_entry(a, "x-opt-sequence-number").as_int64(), 1234567);
  EXPECT_EQ(find_entry(a, "x-opt-offset").type, Type::kString);
  EXPECT_EQ(find_entry(a, "x-opt-offset").as_text(), "1234567");
  EXPECT_EQ(find_entry(a, "x-opt-enqueued-time").as_timestamp_ms(), 1'786'784'856'123);
  EXPECT_EQ(find_entry(a, "iothub-enqueuedtime").as_timestamp_ms(), 1'786'784'856'123);
  const std::pair<const char*, const char*> texts[] = {
      {"iothub-connection-device-id", "d1"},
      {"iothub-connection-module-id", "m1"},
      {"iothub-connection-auth-method",
       R"({"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null})"},
      {"iothub-connection-auth-generation-id", "637375045610235418"},
      {"iothub-message-source", "Telemetry"},
      {"iothub-interface-id", "i"},
      {"dt-dataschema", "dtmi:a;1"},
      {"dt-subject", "c"},
      {"Diagnostic-Id", "diag"},
      {"Correlation-Context", "ctx"},
      {"iothub-creation-time-utc", "2026-01-01T00:00:00Z"},
      {"iothub-outputname", "o"},
      {"iothub-message-schema", "s"},
  };
  for (const auto& [name, value] : texts) {
    EXPECT_EQ(find_entry(a, name).type, Type::kString) << name;
    EXPECT_EQ(find_entry(a, name).as_text(), value) << name;
  }
  bool symbols = true;
  EXPECT_TRUE(wire::amqp::for_each_entry(a, [&](const Item& key, const Item&) {
    symbols = symbols && key.type == Type::kSymbol;
    return true;
  }));
  EXPECT_TRUE(symbols);
  EXPECT_EQ(a.count, 2 * (4 + event.system.size()));
}

TEST(EventMessage, PropertiesSection) {
  hub::EventView event;
  event.system = {
      {SystemProperty::kMessageId, "m"},
      {SystemProperty::kCorrelationId, "c"},
      {SystemProperty::kUserId, "u"},
      {SystemProperty::kTo, "/devices/d1/messages/events"},
      {SystemProperty::kContentType, "application/json"},
      {SystemProperty::kContentEncoding, "utf-8"},
      {SystemProperty::kAbsoluteExpiry, "1786784900000"},
  };
  const std::string bytes = encode(event);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message);
  const auto p = message->properties();
  ASSERT_TRUE(p);
  EXPECT_EQ(p->message_id.type, Type::kString);
  EXPECT_EQ(p->message_id.as_text(), "m");
  EXPECT_EQ(p->correlation_id.as_text(), "c");
  EXPECT_EQ(p->user_id, "u");
  EXPECT_EQ(p->to, "/devices/d1/messages/events");
  EXPECT_EQ(p->content_type, "application/json");
  EXPECT_EQ(p->content_encoding, "utf-8");
  EXPECT_EQ(p->absolute_expiry_time_ms, 1786784900000);
  EXPECT_NE(bytes.find("\xa3\x10"
                       "application/json"),
            std::string::npos)
      << "a symbol on the wire";
  EXPECT_EQ(message->message_annotations().count, 8u) << "none of them is repeated as an annotation";
}

TEST(EventMessage, ApplicationPropertiesKeepNullAndOrder) {
  hub::EventView event;
  event.application = {{"b", "2"}, {"a", ""}, {"n", std::nullopt}};
  const std::string bytes = encode(event);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message);
  std::string seen;
  EXPECT_TRUE(wire::amqp::for_each_entry(message->application_properties(), [&](const Item& key, const Item& value) {
    EXPECT_EQ(key.type, Type::kString);
    seen += std::string(*key.as_text()) + "=" + (value.is_null() ? "null" : "'" + std::string(*value.as_text()) + "'") +
            ";";
    return true;
  }));
  EXPECT_EQ(seen, "b='2';a='';n=null;");
}

TEST(EventMessage, OneDataSectionEvenWhenEmpty) {
  for (const std::string& body : {std::string(), std::string("\0\xff", 2), std::string(256 * 1024, 'x')}) {
    hub::EventView event;
    event.body = body;
    const std::string bytes = encode(event);
    const auto message = MessageView::parse(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->data_count(), 1u);
    std::string scratch;
    EXPECT_EQ(message->data(scratch), body);
    EXPECT_TRUE(message->application_properties().is_null());
    EXPECT_TRUE(message->delivery_annotations().is_null());
  }
}

TEST(EventMessage, RuntimeMetric) {
  RuntimeMetric metric;
  metric.partition.last_sequence = SequenceNumber{99};
  metric.partition.last_offset = 99;
  metric.partition.last_enqueued = from_unix_ms(1'786'784'000'000);
  metric.retrieved = from_unix_ms(1'786'785'000'000);
  const std::string bytes = encode({}, &metric);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message);
  const Item& d = message->delivery_annotations();
  EXPECT_EQ(find_entry(d, "last_enqueued_sequence_number").type, Type::kLong);
  EXPECT_EQ(find_entry(d, "last_enqueued_sequence_number").as_int64(), 99);
  EXPECT_EQ(find_entry(d, "last_enqueued_offset").as_text(), "99");
  EXPECT_EQ(find_entry(d, "last_enqueued_time_utc").as_timestamp_ms(), 1'786'784'000'000);
  EXPECT_EQ(find_entry(d, "runtime_info_retrieval_time_utc").as_timestamp_ms(), 1'786'785'000'000);
}

// The bytes of the smallest event, written down by hand from the standard.
TEST(EventMessage, GoldenBytes) {
  hub::EventView event;
  event.system = {{SystemProperty::kConnectionDeviceId, "d"}};
  event.application = {{"k", "v"}};
  event.body = "B";
  std::string out;
  encode_event_message(event, SequenceNumber{0}, from_unix_ms(1), nullptr, out);
  EXPECT_EQ(to_hex(out),
            "005372c1870a"
            "a315782d6f70742d73657175656e63652d6e756d6265725500"
            "a30c782d6f70742d6f6666736574a10130"
            "a313782d6f70742d656e7175657565642d74696d65830000000000000001"
            "a313696f746875622d656e71756575656474696d65830000000000000001"
            "a31b696f746875622d636f6e6e656374696f6e2d6465766963652d6964a10164"
            "005374c10702a1016ba10176"
            "005375a00142");
}

}  // namespace
}  // namespace nave::front::eventhub
