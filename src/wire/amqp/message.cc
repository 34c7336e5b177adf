#include "wire/amqp/message.h"

#include "wire/amqp/types.h"

namespace nave::wire::amqp {

namespace {

bool is_map_or_null(const Item& item) {
  return item.type == Type::kMap || item.is_null();
}

void keep_first(Item& slot, const Item& value) {
  if (slot.is_null()) slot = value;
}

}  // namespace

std::optional<MessageView> MessageView::parse(ByteView encoded) {
  MessageView view;
  view.encoded_ = encoded;
  Reader reader(encoded);
  while (!reader.done()) {
    const auto section = reader.next_described();
    if (!section) return std::nullopt;
    if (section->code && !view.take(*section->code, section->value)) return std::nullopt;
  }
  if (reader.failed()) return std::nullopt;
  return view;
}

// False if the section's value has a type that it cannot have.
bool MessageView::take(uint64_t code, const Item& value) {
  switch (static_cast<Code>(code)) {
    case Code::kHeader:
      keep_first(header_, value);
      return value.type == Type::kList;
    case Code::kProperties:
      keep_first(properties_, value);
      return value.type == Type::kList;
    case Code::kDeliveryAnnotations:
      keep_first(delivery_annotations_, value);
      return is_map_or_null(value);
    case Code::kMessageAnnotations:
      keep_first(message_annotations_, value);
      return is_map_or_null(value);
    case Code::kApplicationProperties:
      keep_first(application_properties_, value);
      return is_map_or_null(value);
    case Code::kFooter:
      keep_first(footer_, value);
      return is_map_or_null(value);
    case Code::kData:
      if (data_count_++ == 0) first_data_ = value.body;
      body_kind_ = BodyKind::kData;
      return value.type == Type::kBinary;
    case Code::kAmqpValue:
    case Code::kAmqpSequence:
      if (body_kind_ != BodyKind::kNone) return true;
      body_kind_ = static_cast<Code>(code) == Code::kAmqpValue ? BodyKind::kValue : BodyKind::kSequence;
      body_value_ = value;
      return true;
    default:
      return true;
  }
}

ByteView MessageView::data(std::string& scratch) const {
  if (body_kind_ == BodyKind::kValue) {
    const auto binary = body_value_.as_binary();
    return binary ? *binary : body_value_.as_text().value_or(ByteView{});
  }
  if (body_kind_ != BodyKind::kData) return {};
  if (data_count_ == 1) return first_data_;
  scratch.clear();
  for_each_data([&](ByteView part) {
    scratch.append(part);
    return true;
  });
  return scratch;
}

std::optional<Header> MessageView::header() const {
  Header out;
  if (header_.is_null()) return out;
  Elements fields(header_);
  out.durable = fields.next().as_bool();
  const auto priority = fields.next().as_uint32();
  if (priority && *priority <= UINT8_MAX) out.priority = static_cast<uint8_t>(*priority);
  out.ttl_ms = fields.next().as_uint32();
  out.first_acquirer = fields.next().as_bool();
  out.delivery_count = fields.next().as_uint32();
  if (fields.failed()) return std::nullopt;
  return out;
}

std::optional<Properties> MessageView::properties() const {
  Properties out;
  if (properties_.is_null()) return out;
  Elements fields(properties_);
  out.message_id = fields.next();
  out.user_id = fields.next().as_binary();
  out.to = fields.next().as_text();
  out.subject = fields.next().as_text();
  out.reply_to = fields.next().as_text();
  out.correlation_id = fields.next();
  out.content_type = fields.next().as_text();
  out.content_encoding = fields.next().as_text();
  out.absolute_expiry_time_ms = fields.next().as_timestamp_ms();
  out.creation_time_ms = fields.next().as_timestamp_ms();
  out.group_id = fields.next().as_text();
  out.group_sequence = fields.next().as_uint32();
  out.reply_to_group_id = fields.next().as_text();
  if (fields.failed()) return std::nullopt;
  return out;
}

}  // namespace nave::wire::amqp
