#include "app/commands/event_text.h"

#include "base/base64.h"
#include "base/time.h"
#include "base/url.h"
#include "json/parse.h"
#include "json/write.h"
#include "wire/amqp/reader.h"

namespace nave::app {
namespace {

namespace amqp = wire::amqp;

json::Value to_json(const amqp::Item& item) {
  if (item.is_null()) return {};
  if (const auto b = item.as_bool()) return *b;
  if (const auto ms = item.as_timestamp_ms()) return format_iso8601(from_unix_ms(*ms));
  if (const auto n = item.as_int64()) return *n;
  return item.to_text().value_or("");
}

json::Object to_object(const amqp::Item& map) {
  json::Object out;
  (void)amqp::for_each_entry(map, [&](const amqp::Item& key, const amqp::Item& value) {
    out.set(key.to_text().value_or(""), to_json(value));
    return true;
  });
  return out;
}

json::Object system_properties(const amqp::Properties& p) {
  json::Object out;
  if (!p.message_id.is_null()) out.set("message_id", to_json(p.message_id));
  if (!p.correlation_id.is_null()) out.set("correlation_id", to_json(p.correlation_id));
  if (p.user_id) out.set("user_id", std::string_view(*p.user_id));
  if (p.to) out.set("to", *p.to);
  if (p.content_type) out.set("content_type", *p.content_type);
  if (p.content_encoding) out.set("content_encoding", *p.content_encoding);
  if (p.absolute_expiry_time_ms)
    out.set("absolute_expiry_time", format_iso8601(from_unix_ms(*p.absolute_expiry_time_ms)));
  return out;
}

// JSON where the body is JSON, text where it is text, else base64.
json::Value payload_value(ByteView body, bool declared_json) {
  if (auto parsed = json::parse(body); parsed && (declared_json || parsed->if_object() != nullptr)) return *parsed;
  if (is_valid_utf8(body)) return body;
  return base64_encode(body);
}

std::string text_of(const amqp::Item& map, std::string_view key) {
  return amqp::find_entry(map, key).to_text().value_or("");
}

}  // namespace

std::optional<ShownEvent> show_event(const std::string& message, bool with_properties) {
  const auto view = amqp::MessageView::parse(message);
  if (!view) return {};
  const amqp::Properties properties = view->properties().value_or(amqp::Properties{});
  const amqp::Item& annotations = view->message_annotations();
  std::string scratch;
  const ByteView body = view->data(scratch);
  const bool declared_json =
      properties.content_type && to_lower(*properties.content_type).find("json") != std::string::npos;

  ShownEvent shown;
  shown.device = text_of(annotations, "iothub-connection-device-id");
  json::Object event;
  event.set("origin", shown.device);
  event.set("module", text_of(annotations, "iothub-connection-module-id"));
  event.set("interface", text_of(annotations, "dt-dataschema"));
  event.set("component", text_of(annotations, "dt-subject"));
  event.set("payload", payload_value(body, declared_json));
  if (with_properties) {
    json::Object all;
    all.set("system", system_properties(properties));
    all.set("application", to_object(view->application_properties()));
    event.set("properties", std::move(all));
    event.set("annotations", to_object(annotations));
  }
  const std::string* text = event.find("payload")->if_string();
  shown.payload = text != nullptr ? *text : json::to_text(*event.find("payload"));
  json::Object document;
  document.set("event", std::move(event));
  shown.document = std::move(document);
  return shown;
}

}  // namespace nave::app
