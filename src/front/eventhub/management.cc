#include "front/eventhub/management.h"

#include <utility>

#include "base/log.h"
#include "base/url.h"
#include "front/eventhub/event_message.h"

namespace nave::front::eventhub {
namespace {

using wire::amqp::Type;
using wire::amqp::Value;

amqp::NodeReply refusal(int32_t status, std::string_view condition, std::string description) {
  amqp::NodeReply reply;
  reply.status = status;
  reply.description = std::move(description);
  reply.error_condition = std::string(condition);
  return reply;
}

// A 404 is understood by JavaScript only in exactly these words (§9.5).
amqp::NodeReply unknown_entity(const EventHub& hub, std::string_view name, UtcTime now) {
  return refusal(404, "amqp:not-found", hub.not_found_text(std::string(name.substr(0, 256)), now));
}

bool token_allows(const EventHub& hub, std::string_view token) {
  if (token.empty()) return false;
  const auto grant = hub.authenticator().service(token);
  if (grant) return hub.may_read(*grant, {EntityAddress::Kind::kManagement, false, {}, {}});
  log::write_limited(log::Level::kWarning, log::Category::kConnections, "eventhub.management",
                     "a management request was refused", {{"reason", grant.error().message}});
  return false;
}

Value describe_hub(EventHub& hub, std::string_view type) {
  std::vector<Value> ids;
  for (uint16_t i = 0; i < hub.log().partition_count(); ++i) ids.push_back(Value::of_string(std::to_string(i)));
  Value map = Value::map();
  map.add(Value::of_string("name"), Value::of_string(hub.name()));
  map.add(Value::of_string("type"), Value::of_string(type));
  map.add(Value::of_string("created_at"), Value::of_timestamp_ms(unix_ms(hub.options().created)));
  map.add(Value::of_string("partition_count"), Value::of_int(hub.log().partition_count()));
  map.add(Value::of_string("partition_ids"), Value::array(Type::kString, std::move(ids)));
  // Go refuses the reply without this number.
  map.add(Value::of_string("georeplication_factor"), Value::of_int(1));
  return map;
}

Value describe_partition(EventHub& hub, std::string_view type, PartitionId partition) {
  const hub::PartitionInfo info = hub.log().info(partition);
  const bool never = info.last_sequence.value() < 0;
  Value map = Value::map();
  map.add(Value::of_string("name"), Value::of_string(hub.name()));
  map.add(Value::of_string("type"), Value::of_string(type));
  map.add(Value::of_string("partition"), Value::of_string(std::to_string(partition.value())));
  map.add(Value::of_string("begin_sequence_number"), Value::of_long(never ? 0 : info.begin_sequence.value()));
  map.add(Value::of_string("last_enqueued_sequence_number"), Value::of_long(info.last_sequence.value()));
  map.add(Value::of_string("last_enqueued_offset"), Value::of_string(offset_text(info.last_offset)));
  map.add(Value::of_string("last_enqueued_time_utc"), Value::of_timestamp_ms(unix_ms(info.last_enqueued)));
  map.add(Value::of_string("is_partition_empty"), Value::of_bool(info.empty()));
  return map;
}

}  // namespace

amqp::NodeReply answer(const ManagementRequest& request, EventHub& event_hub, bool authorized, UtcTime now) {
  if (!equals_ignore_case(request.operation, "READ"))
    return refusal(501, "amqp:not-implemented", "The operation is not supported; only READ is.");
  // Before the rights: a token for a misspelt entity says nothing about ours, and 401 would be tried again for minutes.
  if (!equals_ignore_case(request.name, event_hub.name())) return unknown_entity(event_hub, request.name, now);
  if (!authorized && !token_allows(event_hub, request.security_token))
    return refusal(401, "amqp:unauthorized-access", "Unauthorized access. 'Listen' claim(s) are required.");

  amqp::NodeReply reply;
  if (equals_ignore_case(request.type, "com.microsoft:eventhub")) {
    reply.body = describe_hub(event_hub, request.type);
    return reply;
  }
  if (!equals_ignore_case(request.type, "com.microsoft:partition"))
    return refusal(400, "com.microsoft:argument-error",
                   "The type must be com.microsoft:eventhub or com.microsoft:partition.");
  const auto partition = event_hub.partition(request.partition);
  if (!partition)
    return refusal(400, "com.microsoft:argument-out-of-range",
                   event_hub.bad_partition_text(std::string(request.partition.substr(0, 64))));
  reply.body = describe_partition(event_hub, request.type, *partition);
  return reply;
}

}  // namespace nave::front::eventhub
