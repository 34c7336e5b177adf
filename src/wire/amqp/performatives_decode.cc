#include "wire/amqp/field_reader.h"
#include "wire/amqp/performatives.h"
#include "wire/amqp/reader.h"

namespace nave::wire::amqp {

namespace {

std::optional<std::string> owned(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

bool code_is(const DescribedItem& described, Code code) {
  return described.code == static_cast<uint64_t>(code);
}

Role role_of(bool receiver) {
  return receiver ? Role::kReceiver : Role::kSender;
}

// The fields that source and target begin with, in the order of both.
void decode_common(FieldReader& fields, Terminus& out) {
  out.address = fields.value();
  out.durable = fields.uint().value_or(0);
  out.expiry_policy = fields.value();
  out.timeout_s = fields.uint().value_or(0);
  out.dynamic = fields.boolean().value_or(false);
  out.dynamic_node_properties = fields.value();
}

// nullopt for null; ok is cleared for what is not a terminus. A coordinator is read as an unknown target: absent.
std::optional<Terminus> decode_terminus(const Item& item, Code code, bool& ok) {
  if (item.is_null()) return std::nullopt;
  const auto described = open_described(item);
  if (!described || described->value.type != Type::kList) {
    ok = false;
    return std::nullopt;
  }
  if (!code_is(*described, code)) return std::nullopt;
  FieldReader fields(described->value);
  Terminus out;
  decode_common(fields, out);
  if (code == Code::kSource) {
    out.distribution_mode = fields.value();
    out.filter = fields.value();
    out.default_outcome = fields.value();
    out.outcomes = fields.value();
  }
  out.capabilities = fields.value();
  ok = ok && fields.ok();
  return out;
}

Rejected decode_rejected(const Item& list) {
  Elements fields(list);
  return Rejected{decode_error(fields.next())};
}

Modified decode_modified(const Item& list) {
  Elements fields(list);
  Modified out;
  out.delivery_failed = fields.next().as_bool().value_or(false);
  out.undeliverable_here = fields.next().as_bool().value_or(false);
  out.message_annotations = Value::decode(fields.next()).value_or(Value());
  return out;
}

Received decode_received(const Item& list) {
  Elements fields(list);
  Received out;
  out.section_number = fields.next().as_uint32().value_or(0);
  out.section_offset = fields.next().as_uint64().value_or(0);
  return out;
}

}  // namespace

bool Attach::desires(std::string_view capability) const {
  if (desired_capabilities.as_text() == capability) return true;
  for (const Value& element : desired_capabilities.elements()) {
    if (element.as_text() == capability) return true;
  }
  return false;
}

bool decode(const Item& list, Open& out) {
  FieldReader fields(list);
  out.container_id = std::string(fields.text().value_or(std::string_view{}));
  out.hostname = owned(fields.text());
  out.max_frame_size = fields.uint().value_or(UINT32_MAX);
  out.channel_max = fields.ushort().value_or(UINT16_MAX);
  out.idle_timeout_ms = fields.uint();
  for (int i = 0; i < 4; ++i) fields.skip();  // locales and capabilities
  out.properties = fields.value();
  return fields.ok();
}

bool decode(const Item& list, Begin& out) {
  FieldReader fields(list);
  out.remote_channel = fields.ushort();
  out.next_outgoing_id = fields.required(fields.uint());
  out.incoming_window = fields.required(fields.uint());
  out.outgoing_window = fields.required(fields.uint());
  out.handle_max = fields.uint().value_or(UINT32_MAX);
  return fields.ok();
}

bool decode(const Item& list, Attach& out) {
  FieldReader fields(list);
  const auto name = fields.text();
  out.name = std::string(fields.required(name));
  out.handle = fields.required(fields.uint());
  out.role = role_of(fields.required(fields.boolean()));
  if (const auto mode = fields.ubyte()) {
    if (*mode > 2) return false;
    out.snd_settle_mode = static_cast<SndSettleMode>(*mode);
  }
  if (const auto mode = fields.ubyte()) {
    if (*mode > 1) return false;
    out.rcv_settle_mode = static_cast<RcvSettleMode>(*mode);
  }
  bool ok = true;
  out.source = decode_terminus(fields.item(), Code::kSource, ok);
  out.target = decode_terminus(fields.item(), Code::kTarget, ok);
  fields.skip();  // unsettled: deliveries are not resumed (§1 R17)
  fields.skip();  // incomplete-unsettled
  out.initial_delivery_count = fields.uint();
  out.max_message_size = fields.ulong();
  out.offered_capabilities = fields.value();
  out.desired_capabilities = fields.value();
  out.properties = fields.value();
  return ok && fields.ok();
}

bool decode(const Item& list, Flow& out) {
  FieldReader fields(list);
  out.next_incoming_id = fields.uint();
  out.incoming_window = fields.required(fields.uint());
  out.next_outgoing_id = fields.required(fields.uint());
  out.outgoing_window = fields.required(fields.uint());
  out.handle = fields.uint();
  out.delivery_count = fields.uint();
  out.link_credit = fields.uint();
  out.available = fields.uint();
  out.drain = fields.boolean();
  out.echo = fields.boolean().value_or(false);
  return fields.ok();
}

bool decode(const Item& list, Transfer& out) {
  FieldReader fields(list);
  out.handle = fields.required(fields.uint());
  out.delivery_id = fields.uint();
  out.delivery_tag = fields.binary();
  out.message_format = fields.uint();
  out.settled = fields.boolean();
  out.more = fields.boolean().value_or(false);
  for (int i = 0; i < 3; ++i) fields.skip();  // rcv-settle-mode, state, resume
  out.aborted = fields.boolean().value_or(false);
  return fields.ok();
}

bool decode(const Item& list, Disposition& out) {
  FieldReader fields(list);
  out.role = role_of(fields.required(fields.boolean()));
  out.first = fields.required(fields.uint());
  out.last = fields.uint();
  out.settled = fields.boolean().value_or(false);
  out.state = fields.item();
  return fields.ok();
}

bool decode(const Item& list, Detach& out) {
  FieldReader fields(list);
  out.handle = fields.required(fields.uint());
  out.closed = fields.boolean().value_or(false);
  out.error = decode_error(fields.item());
  return fields.ok();
}

bool decode(const Item& list, SaslInit& out) {
  FieldReader fields(list);
  const auto mechanism = fields.text();
  out.mechanism = fields.required(mechanism);
  out.initial_response = fields.binary();
  out.hostname = fields.text();
  return fields.ok();
}

std::optional<Error> decode_error(const Item& item) {
  const auto described = open_described(item);
  if (!described || !code_is(*described, Code::kError)) return std::nullopt;
  Elements fields(described->value);
  Error out;
  out.condition = std::string(fields.next().as_text().value_or(std::string_view{}));
  out.description = owned(fields.next().as_text());
  out.info = Value::decode(fields.next()).value_or(Value());
  return out;
}

Outcome decode_outcome(const Item& state) {
  const auto described = open_described(state);
  if (!described || !described->code) return {};
  switch (static_cast<Code>(*described->code)) {
    case Code::kAccepted:
      return Accepted{};
    case Code::kRejected:
      return decode_rejected(described->value);
    case Code::kReleased:
      return Released{};
    case Code::kModified:
      return decode_modified(described->value);
    case Code::kReceived:
      return decode_received(described->value);
    default:
      return {};
  }
}

}  // namespace nave::wire::amqp
