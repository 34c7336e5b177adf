#include "wire/amqp/message_writer.h"

namespace nave::wire::amqp {

MapWriter::MapWriter(std::string& out, Keys keys) : writer_(out), keys_(keys), mark_(writer_.begin_map()) {}

Writer& MapWriter::put(std::string_view key) {
  keys_ == Keys::kSymbol ? writer_.symbol(key) : writer_.string(key);
  count_ += 2;
  return writer_;
}

void MapWriter::null(std::string_view key) {
  put(key).null();
}
void MapWriter::boolean(std::string_view key, bool v) {
  put(key).boolean(v);
}
void MapWriter::ubyte(std::string_view key, uint8_t v) {
  put(key).ubyte(v);
}
void MapWriter::uint(std::string_view key, uint32_t v) {
  put(key).uint(v);
}
void MapWriter::ulong(std::string_view key, uint64_t v) {
  put(key).ulong(v);
}
void MapWriter::sint(std::string_view key, int32_t v) {
  put(key).sint(v);
}
void MapWriter::slong(std::string_view key, int64_t v) {
  put(key).slong(v);
}
void MapWriter::timestamp_ms(std::string_view key, int64_t v) {
  put(key).timestamp_ms(v);
}
void MapWriter::string(std::string_view key, std::string_view v) {
  put(key).string(v);
}
void MapWriter::symbol(std::string_view key, std::string_view v) {
  put(key).symbol(v);
}
void MapWriter::binary(std::string_view key, ByteView v) {
  put(key).binary(v);
}
void MapWriter::uuid(std::string_view key, const Uuid& v) {
  put(key).uuid(v);
}
void MapWriter::value(std::string_view key, const Value& v) {
  put(key).value(v);
}
void MapWriter::item(std::string_view key, const Item& v) {
  put(key).item(v);
}

MapWriter MessageWriter::map(Code section, MapWriter::Keys keys) {
  writer_.descriptor(section);
  return {out_, keys};
}

void MessageWriter::header(const Header& header) {
  writer_.descriptor(Code::kHeader);
  const auto list = writer_.begin_list();
  writer_.optional_bool(header.durable);
  header.priority ? writer_.ubyte(*header.priority) : writer_.null();
  writer_.optional_uint(header.ttl_ms);
  writer_.optional_bool(header.first_acquirer);
  writer_.optional_uint(header.delivery_count);
  writer_.end(list, 5);
}

void MessageWriter::properties(const Properties& properties) {
  writer_.descriptor(Code::kProperties);
  const auto list = writer_.begin_list();
  writer_.item(properties.message_id);
  writer_.optional_binary(properties.user_id);
  writer_.optional_string(properties.to);
  writer_.optional_string(properties.subject);
  writer_.optional_string(properties.reply_to);
  writer_.item(properties.correlation_id);
  writer_.optional_symbol(properties.content_type);
  writer_.optional_symbol(properties.content_encoding);
  writer_.optional_timestamp(properties.absolute_expiry_time_ms);
  writer_.optional_timestamp(properties.creation_time_ms);
  writer_.optional_string(properties.group_id);
  writer_.optional_uint(properties.group_sequence);
  writer_.optional_string(properties.reply_to_group_id);
  writer_.end(list, 13);
}

void MessageWriter::data(ByteView payload) {
  writer_.descriptor(Code::kData);
  writer_.binary(payload);
}

void MessageWriter::value(const Value& value) {
  writer_.descriptor(Code::kAmqpValue);
  writer_.value(value);
}

}  // namespace nave::wire::amqp
