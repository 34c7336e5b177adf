#include "front/eventhub/event_message.h"

#include <charconv>

#include "wire/amqp/message_writer.h"

namespace nave::front::eventhub {
namespace {

using hub::SystemProperty;
using wire::amqp::MapWriter;
using wire::amqp::MessageWriter;
using wire::amqp::Properties;

class Decimal {
 public:
  explicit Decimal(int64_t v) : end_(std::to_chars(digits_, digits_ + sizeof digits_, v).ptr) {}
  [[nodiscard]] std::string_view text() const { return {digits_, static_cast<size_t>(end_ - digits_)}; }

 private:
  char digits_[20];
  char* end_;
};

// The annotation that carries a system property; empty for those that belong to the properties section.
std::string_view annotation_name(SystemProperty p) {
  switch (p) {
    case SystemProperty::kConnectionDeviceId:
      return "iothub-connection-device-id";
    case SystemProperty::kConnectionModuleId:
      return "iothub-connection-module-id";
    case SystemProperty::kAuthMethod:
      return "iothub-connection-auth-method";
    case SystemProperty::kAuthGenerationId:
      return "iothub-connection-auth-generation-id";
    case SystemProperty::kMessageSource:
      return "iothub-message-source";
    case SystemProperty::kInterfaceId:
      return "iothub-interface-id";
    case SystemProperty::kComponent:
      return "dt-subject";
    case SystemProperty::kModelId:
      return "dt-dataschema";
    case SystemProperty::kCreationTimeUtc:
      return "iothub-creation-time-utc";
    case SystemProperty::kOutputName:
      return "iothub-outputname";
    case SystemProperty::kMessageSchema:
      return "iothub-message-schema";
    case SystemProperty::kOperation:
      return "iothub-operation";
    case SystemProperty::kAck:
      return "iothub-ack";
    case SystemProperty::kDiagnosticId:
      return "Diagnostic-Id";
    case SystemProperty::kCorrelationContext:
      return "Correlation-Context";
    case SystemProperty::kMessageId:
    case SystemProperty::kCorrelationId:
    case SystemProperty::kUserId:
    case SystemProperty::kTo:
    case SystemProperty::kContentType:
    case SystemProperty::kContentEncoding:
    case SystemProperty::kAbsoluteExpiry:
      break;
  }
  return {};
}

wire::amqp::Item string_item(std::string_view text) {
  wire::amqp::Item item;
  item.type = wire::amqp::Type::kString;
  item.body = text;
  return item;
}

std::optional<int64_t> milliseconds(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// True if the property belongs to the properties section, which then has it.
bool put_property(const hub::SystemPropertyValue& p, Properties& out) {
  switch (p.name) {
    case SystemProperty::kMessageId:
      out.message_id = string_item(p.value);
      return true;
    case SystemProperty::kCorrelationId:
      out.correlation_id = string_item(p.value);
      return true;
    case SystemProperty::kUserId:
      out.user_id = p.value;
      return true;
    case SystemProperty::kTo:
      out.to = p.value;
      return true;
    case SystemProperty::kContentType:
      out.content_type = p.value;
      return true;
    case SystemProperty::kContentEncoding:
      out.content_encoding = p.value;
      return true;
    case SystemProperty::kAbsoluteExpiry:
      out.absolute_expiry_time_ms = milliseconds(p.value);
      return true;
    default:
      return false;
  }
}

void write_metric(const RuntimeMetric& metric, MessageWriter& message) {
  MapWriter map = message.delivery_annotations();
  map.slong("last_enqueued_sequence_number", metric.partition.last_sequence.value());
  map.string("last_enqueued_offset", Decimal(metric.partition.last_offset).text());
  map.timestamp_ms("last_enqueued_time_utc", unix_ms(metric.partition.last_enqueued));
  map.timestamp_ms("runtime_info_retrieval_time_utc", unix_ms(metric.retrieved));
  map.end();
}

// Java throws when the sequence number is missing or of another type than long; the offset is a string everywhere.
void write_annotations(const hub::EventView& event, SequenceNumber sequence, UtcTime enqueued, MessageWriter& message) {
  MapWriter map = message.message_annotations();
  map.slong("x-opt-sequence-number", sequence.value());
  map.string("x-opt-offset", Decimal(sequence.value()).text());
  map.timestamp_ms("x-opt-enqueued-time", unix_ms(enqueued));
  map.timestamp_ms("iothub-enqueuedtime", unix_ms(enqueued));
  for (const auto& p : event.system) {
    const std::string_view name = annotation_name(p.name);
    if (!name.empty()) map.string(name, p.value);
  }
  map.end();
}

void write_application(const hub::EventView& event, MessageWriter& message) {
  if (event.application.empty()) return;
  MapWriter map = message.application_properties();
  for (const auto& p : event.application) {
    if (p.value) {
      map.string(p.name, *p.value);
    } else {
      map.null(p.name);
    }
  }
  map.end();
}

}  // namespace

void encode_event_message(const hub::EventView& event, SequenceNumber sequence, UtcTime enqueued,
                          const RuntimeMetric* metric, std::string& out) {
  MessageWriter message(out);
  if (metric != nullptr) write_metric(*metric, message);
  write_annotations(event, sequence, enqueued, message);
  Properties properties;
  bool any = false;
  for (const auto& p : event.system) any = put_property(p, properties) || any;
  if (any) message.properties(properties);
  write_application(event, message);
  message.data(event.body);
}

std::string offset_text(int64_t offset) {
  return std::string(Decimal(offset).text());
}

}  // namespace nave::front::eventhub
