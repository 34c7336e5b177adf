#include "front/amqp/twin_request.h"

#include "base/url.h"
#include "wire/amqp/message.h"
#include "wire/amqp/message_writer.h"

namespace nave::front::amqp {
namespace {

using wire::amqp::Item;
using wire::amqp::MessageView;
using Operation = TwinRequest::Operation;

constexpr std::string_view kReported = "/properties/reported";
constexpr std::string_view kNotifications = "/notifications/twin/properties/desired";

Operation operation_of(const Item& annotations) {
  const auto operation = wire::amqp::find_entry(annotations, "operation").as_text().value_or("");
  const auto resource = wire::amqp::find_entry(annotations, "resource").as_text().value_or("");
  if (equals_ignore_case(operation, "GET")) return Operation::kGet;
  if (equals_ignore_case(operation, "PATCH") && equals_ignore_case(resource, kReported))
    return Operation::kPatchReported;
  if (!equals_ignore_case(resource, kNotifications)) return Operation::kUnknown;
  if (equals_ignore_case(operation, "PUT")) return Operation::kSubscribe;
  return equals_ignore_case(operation, "DELETE") ? Operation::kUnsubscribe : Operation::kUnknown;
}

}  // namespace

std::optional<TwinRequest> read_twin_request(ByteView encoded) {
  const auto message = MessageView::parse(encoded);
  const auto properties = message ? message->properties() : std::nullopt;
  if (!properties) return std::nullopt;
  auto correlation_id = wire::amqp::Value::decode(properties->correlation_id);
  if (!correlation_id) return std::nullopt;
  TwinRequest out;
  // Of the standard's types: what is no scalar cannot be a correlation-id.
  if (correlation_id->to_text()) out.correlation_id = *std::move(correlation_id);
  out.operation = operation_of(message->message_annotations());
  if (out.operation != Operation::kPatchReported) return out;

  const Item version = wire::amqp::find_entry(message->message_annotations(), "version");
  out.base_version = version.as_int64();
  if (!version.is_null() && !out.base_version) out.operation = Operation::kUnknown;
  std::string scratch;
  out.body = message->data(scratch);
  return out;
}

std::string encode_twin_reply(const wire::amqp::Value& correlation_id, int32_t status, std::optional<uint64_t> version,
                              std::string_view body) {
  std::string out;
  wire::amqp::MessageWriter message(out);
  wire::amqp::MapWriter annotations = message.message_annotations();
  annotations.sint("status", status);
  if (version) annotations.slong("version", static_cast<int64_t>(*version));
  annotations.end();
  wire::amqp::Properties properties;
  properties.correlation_id = correlation_id.view();
  message.properties(properties);
  if (!body.empty()) message.data(body);
  return out;
}

std::string encode_desired_change(const hub::DesiredChange& change) {
  std::string out;
  wire::amqp::MessageWriter message(out);
  wire::amqp::MapWriter annotations = message.message_annotations();
  annotations.string("resource", "/properties/desired");
  annotations.end();
  message.data(change.body);
  return out;
}

}  // namespace nave::front::amqp
