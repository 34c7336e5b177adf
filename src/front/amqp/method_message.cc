#include "front/amqp/method_message.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "wire/amqp/message.h"
#include "wire/amqp/message_writer.h"

namespace nave::front::amqp {
namespace {

using wire::amqp::Item;
using wire::amqp::Uuid;

// A uuid, its text, or its bytes.
std::optional<Uuid> id_of(const Item& item) {
  if (const auto uuid = item.as_uuid()) return uuid;
  if (const auto text = item.as_text()) return wire::amqp::parse_uuid(*text);
  const auto bytes = item.as_binary();
  Uuid uuid{};
  if (!bytes || bytes->size() != uuid.size()) return std::nullopt;
  for (size_t i = 0; i < uuid.size(); ++i) uuid[i] = byte_at(*bytes, i);
  return uuid;
}

std::optional<int32_t> status_of(const Item& item) {
  if (const auto text = item.as_text()) {
    int32_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return number;
  }
  const auto number = item.as_int64();
  if (!number || *number < std::numeric_limits<int32_t>::min() || *number > std::numeric_limits<int32_t>::max())
    return std::nullopt;
  return static_cast<int32_t>(*number);
}

}  // namespace

std::string encode_method_request(const hub::MethodCommand& command, const Uuid& id) {
  std::string out;
  wire::amqp::MessageWriter message(out);
  wire::amqp::Properties properties;
  properties.correlation_id.type = wire::amqp::Type::kUuid;
  properties.correlation_id.body = ByteView(reinterpret_cast<const char*>(id.data()), id.size());
  message.properties(properties);
  wire::amqp::MapWriter application = message.application_properties();
  application.string("IoThub-methodname", command.name);
  application.end();
  message.data(command.payload);
  return out;
}

std::optional<MethodResponse> read_method_response(ByteView encoded) {
  const auto message = wire::amqp::MessageView::parse(encoded);
  const auto properties = message ? message->properties() : std::nullopt;
  if (!properties) return std::nullopt;
  const auto id = id_of(properties->correlation_id);
  const auto status = status_of(wire::amqp::find_entry(message->application_properties(), "IoThub-status"));
  if (!id || !status) return std::nullopt;
  std::string scratch;
  return MethodResponse{*id, *status, std::string(message->data(scratch))};
}

}  // namespace nave::front::amqp
