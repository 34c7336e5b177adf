#include "front/amqp/c2d_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/time.h"
#include "front/amqp/device_link.h"
#include "wire/amqp/message_writer.h"

namespace nave::front::amqp {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::EventView;
using hub::SystemProperty;
using wire::amqp::Item;

constexpr std::array<std::pair<SystemProperty, std::string_view>, 4> kNamed = {{
    {SystemProperty::kAck, "iothub-ack"},
    {SystemProperty::kOperation, "iothub-operation"},
    {SystemProperty::kMessageSchema, "iothub-message-schema"},
    {SystemProperty::kCreationTimeUtc, "iothub-creation-time-utc"},
}};

Item text_item(std::optional<std::string_view> text) {
  Item item;
  if (!text) return item;
  item.type = wire::amqp::Type::kString;
  item.body = *text;
  return item;
}

std::optional<int64_t> number_of(std::optional<std::string_view> text) {
  int64_t number = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

wire::amqp::Properties properties_of(const EventView& event) {
  wire::amqp::Properties out;
  out.message_id = text_item(event.find(SystemProperty::kMessageId));
  out.user_id = event.find(SystemProperty::kUserId);
  out.to = event.find(SystemProperty::kTo);
  out.correlation_id = text_item(event.find(SystemProperty::kCorrelationId));
  out.content_type = event.find(SystemProperty::kContentType);
  out.content_encoding = event.find(SystemProperty::kContentEncoding);
  out.absolute_expiry_time_ms = number_of(event.find(SystemProperty::kAbsoluteExpiry));
  return out;
}

}  // namespace

std::string encode_c2d_message(const hub::C2dDelivery& delivery) {
  EventView event;
  std::string out;
  if (!hub::decode_event(delivery.record, event)) return out;
  wire::amqp::MessageWriter message(out);
  wire::amqp::MapWriter annotations = message.message_annotations();
  annotations.timestamp_ms("iothub-enqueuedtime", unix_ms(delivery.enqueued));
  annotations.ubyte("iothub-deliverycount", static_cast<uint8_t>(delivery.delivery_count));
  annotations.ulong("x-opt-sequence-number", delivery.sequence);
  annotations.string("x-opt-lock-token", delivery.lock.text());
  annotations.end();
  message.properties(properties_of(event));
  wire::amqp::MapWriter application = message.application_properties();
  // C# drops what is no string.
  for (const hub::ApplicationProperty& p : event.application) application.string(p.name, p.value.value_or(""));
  for (const auto& [property, name] : kNamed) {
    if (const auto value = event.find(property)) application.string(name, *value);
  }
  application.end();
  message.data(event.body);
  return out;
}

std::string encode_feedback(const hub::FeedbackDelivery& delivery, std::string_view hub_name) {
  std::string out;
  wire::amqp::MessageWriter message(out);
  wire::amqp::MapWriter annotations = message.message_annotations();
  annotations.timestamp_ms("iothub-enqueuedtime", unix_ms(delivery.enqueued));
  annotations.end();
  wire::amqp::Properties properties;
  properties.user_id = hub_name;
  properties.content_type = "application/vnd.microsoft.iothub.feedback.json";
  message.properties(properties);
  message.data(delivery.json);
  return out;
}

hub::HubResult<IdentityKey> read_c2d_message(ByteView encoded, TelemetryMessageReader& reader, EventView& message) {
  if (auto read = reader.read(encoded, message); !read) return fail(std::move(read.error()));
  const auto to = message.find(SystemProperty::kTo);
  if (!to) return fail(Error(ErrorCode::kArgumentNull, "The message says not where it is to go: properties.to."));
  const auto address = parse_address(*to);
  auto key = address ? device_of(*address, {"messages", "deviceBound"}) : std::nullopt;
  if (!key) return fail(Error(ErrorCode::kDeviceNotFound, "properties.to is not the address of a device's messages."));
  return *std::move(key);
}

}  // namespace nave::front::amqp
