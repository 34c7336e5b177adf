#include "front/amqp/telemetry_message.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/base64.h"
#include "base/url.h"

namespace nave::front::amqp {
namespace {

using hub::ErrorCode;
using hub::SystemProperty;
using wire::amqp::BodyKind;
using wire::amqp::Item;
using wire::amqp::MessageView;

struct Name {
  std::string_view wire;
  SystemProperty property;
};

// Claims about the connection are the hub's to make; it overrides them.
constexpr std::array<Name, 7> kReservedProperties = {{
    {"iothub-ack", SystemProperty::kAck},
    {"iothub-operation", SystemProperty::kOperation},
    {"iothub-message-schema", SystemProperty::kMessageSchema},
    {"iothub-creation-time-utc", SystemProperty::kCreationTimeUtc},
    {"iothub-outputname", SystemProperty::kOutputName},
    {"iothub-connection-device-id", SystemProperty::kConnectionDeviceId},
    {"iothub-connection-module-id", SystemProperty::kConnectionModuleId},
}};

constexpr std::array<Name, 4> kAnnotations = {{
    {"iothub-interface-id", SystemProperty::kInterfaceId},
    {"dt-subject", SystemProperty::kComponent},
    {"Diagnostic-Id", SystemProperty::kDiagnosticId},
    {"Correlation-Context", SystemProperty::kCorrelationContext},
}};

template <size_t N>
std::optional<SystemProperty> find(const std::array<Name, N>& names, std::string_view name) {
  const auto* const found = std::ranges::find(names, name, &Name::wire);
  if (found == names.end()) return std::nullopt;
  return found->property;
}

auto malformed(const char* what) {
  return fail(hub::Error(ErrorCode::kIotHubFormatError, what));
}

}  // namespace

hub::HubResult<void> TelemetryMessageReader::read(ByteView encoded, hub::EventView& event) {
  collector_.begin(event);
  event.body = {};
  const auto message = MessageView::parse(encoded);
  if (!message) return malformed("The message is not well-formed.");
  if (!read_properties(*message)) return malformed("The properties of the message are not well-formed.");
  if (!read_application(message->application_properties()))
    return malformed("The application properties of the message are not text or other scalars.");
  if (!read_annotations(message->message_annotations()))
    return malformed("The annotations of the message are not well-formed.");
  collector_.finish();

  const Item& value = message->body_value();
  const bool opaque =
      message->body_kind() == BodyKind::kSequence ||
      (message->body_kind() == BodyKind::kValue && !value.is_null() && !value.as_binary() && !value.as_text());
  if (opaque) return malformed("The body of the message must be data, or a binary or text value.");
  event.body = message->data(body_);
  return {};
}

bool TelemetryMessageReader::read_properties(const MessageView& message) {
  const auto p = message.properties();
  if (!p) return false;
  if (p->absolute_expiry_time_ms)
    collector_.set(SystemProperty::kAbsoluteExpiry, collector_.keep(std::to_string(*p->absolute_expiry_time_ms)));
  Item user_id;
  if (p->user_id) {
    user_id.type = wire::amqp::Type::kBinary;
    user_id.body = *p->user_id;
  }
  return set_item(SystemProperty::kMessageId, p->message_id) &&
         set_item(SystemProperty::kCorrelationId, p->correlation_id) && set_item(SystemProperty::kUserId, user_id) &&
         set_text(SystemProperty::kTo, p->to) && set_text(SystemProperty::kContentType, p->content_type) &&
         set_text(SystemProperty::kContentEncoding, p->content_encoding);
}

bool TelemetryMessageReader::read_application(const Item& map) {
  bool good = true;
  const bool whole = wire::amqp::for_each_entry(map, [&](const Item& key, const Item& value) {
    const auto name = key.as_text();
    const auto text = text_of(value);
    good = name && is_valid_utf8(*name) && (text || value.is_null());
    if (!good) return false;
    if (const auto system = find(kReservedProperties, *name)) {
      collector_.set(*system, text);
    } else {
      collector_.add(*name, text);
    }
    return true;
  });
  return whole && good;
}

// Annotations are between a client and the broker: what is not known says nothing about the event.
bool TelemetryMessageReader::read_annotations(const Item& map) {
  bool good = true;
  const bool whole = wire::amqp::for_each_entry(map, [&](const Item& key, const Item& value) {
    const auto system = find(kAnnotations, key.as_text().value_or(std::string_view{}));
    good = !system || set_item(*system, value);
    return good;
  });
  return whole && good;
}

bool TelemetryMessageReader::set_text(SystemProperty name, std::optional<std::string_view> text) {
  if (!text) return true;
  if (!is_valid_utf8(*text)) return false;
  collector_.set(name, text);
  return true;
}

bool TelemetryMessageReader::set_item(SystemProperty name, const Item& item) {
  if (item.is_null()) return true;
  const auto text = text_of(item);
  if (text) collector_.set(name, text);
  return text.has_value();
}

// Binary that is text stays as it is; other binary becomes base64, since everything behind the fronts relies on text
// being text.
std::optional<std::string_view> TelemetryMessageReader::text_of(const Item& item) {
  if (const auto text = item.as_text()) return is_valid_utf8(*text) ? text : std::nullopt;
  if (const auto bytes = item.as_binary())
    return is_valid_utf8(*bytes) ? *bytes : collector_.keep(base64_encode(*bytes));
  auto text = item.to_text();
  if (!text) return std::nullopt;
  return collector_.keep(*std::move(text));
}

}  // namespace nave::front::amqp
