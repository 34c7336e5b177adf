#include "wire/amqp/value.h"

#include <bit>
#include <cstring>

#include "base/limits.h"
#include "wire/amqp/reader.h"

namespace nave::wire::amqp {

namespace {

uint64_t signed_bits(int64_t v) {
  return static_cast<uint64_t>(v);
}

const Value& null_value() {
  static const Value kNull;
  return kNull;
}

}  // namespace

Value Value::of_bool(bool v) {
  return {Type::kBoolean, uint64_t{v}};
}
Value Value::of_ubyte(uint8_t v) {
  return {Type::kUbyte, uint64_t{v}};
}
Value Value::of_ushort(uint16_t v) {
  return {Type::kUshort, uint64_t{v}};
}
Value Value::of_uint(uint32_t v) {
  return {Type::kUint, uint64_t{v}};
}
Value Value::of_ulong(uint64_t v) {
  return {Type::kUlong, v};
}
Value Value::of_byte(int8_t v) {
  return {Type::kByte, signed_bits(v)};
}
Value Value::of_short(int16_t v) {
  return {Type::kShort, signed_bits(v)};
}
Value Value::of_int(int32_t v) {
  return {Type::kInt, signed_bits(v)};
}
Value Value::of_long(int64_t v) {
  return {Type::kLong, signed_bits(v)};
}
Value Value::of_float(float v) {
  return {Type::kFloat, uint64_t{std::bit_cast<uint32_t>(v)}};
}
Value Value::of_double(double v) {
  return {Type::kDouble, std::bit_cast<uint64_t>(v)};
}
Value Value::of_timestamp_ms(int64_t v) {
  return {Type::kTimestamp, signed_bits(v)};
}

Value Value::of_uuid(const Uuid& v) {
  Value out;
  out.type_ = Type::kUuid;
  out.data_ = v;
  return out;
}

Value Value::of_binary(ByteView v) {
  return {Type::kBinary, std::string(v)};
}
Value Value::of_string(std::string_view v) {
  return {Type::kString, std::string(v)};
}
Value Value::of_symbol(std::string_view v) {
  return {Type::kSymbol, std::string(v)};
}

Value Value::list(std::vector<Value> elements) {
  return {Type::kList, std::move(elements)};
}

Value Value::map() {
  return {Type::kMap, Parts{}};
}

Value Value::array(Type element_type, std::vector<Value> elements) {
  Value out(Type::kArray, std::move(elements));
  out.element_type_ = element_type;
  return out;
}

Value Value::described(Value descriptor, Value value) {
  Parts parts;
  parts.push_back(std::move(descriptor));
  parts.push_back(std::move(value));
  return {Type::kDescribed, std::move(parts)};
}

const Value::Parts& Value::parts() const {
  static const Parts kNone;
  const Parts* parts = std::get_if<Parts>(&data_);
  return parts != nullptr ? *parts : kNone;
}

const std::vector<Value>& Value::elements() const {
  static const Parts kNone;
  return type_ == Type::kList || type_ == Type::kArray ? parts() : kNone;
}

size_t Value::entry_count() const {
  return type_ == Type::kMap ? parts().size() / 2 : 0;
}

const Value& Value::key(size_t i) const {
  return i < entry_count() ? parts()[2 * i] : null_value();
}

const Value& Value::value(size_t i) const {
  return i < entry_count() ? parts()[2 * i + 1] : null_value();
}

const Value* Value::find(std::string_view key_text) const {
  for (size_t i = 0; i < entry_count(); ++i) {
    if (key(i).as_text() == key_text) return &value(i);
  }
  return nullptr;
}

Value& Value::add(Value key, Value value) {
  if (is_null()) *this = map();
  if (Parts* parts = std::get_if<Parts>(&data_); parts != nullptr && type_ == Type::kMap) {
    parts->push_back(std::move(key));
    parts->push_back(std::move(value));
  }
  return *this;
}

const Value& Value::descriptor() const {
  return type_ == Type::kDescribed ? parts()[0] : null_value();
}

const Value& Value::described_value() const {
  return type_ == Type::kDescribed ? parts()[1] : null_value();
}

Item Value::view() const {
  Item item{.type = type_};
  if (const auto* bits = std::get_if<uint64_t>(&data_)) item.bits = *bits;
  if (const auto* text = std::get_if<std::string>(&data_)) item.body = *text;
  if (const auto* uuid = std::get_if<Uuid>(&data_)) {
    item.body = ByteView(reinterpret_cast<const char*>(uuid->data()), uuid->size());
  }
  return item;
}

// Turns items into values while counting them: a few bytes of input can announce many values.
class ValueDecoder {
 public:
  std::optional<Value> decode(const Item& item) {
    if (++nodes_ > limits::kAmqpValueNodesMax) return std::nullopt;
    switch (item.type) {
      case Type::kList:
      case Type::kMap:
      case Type::kArray:
        return decode_compound(item);
      case Type::kDescribed:
        return decode_described(item);
      default:
        return scalar(item);
    }
  }

 private:
  static Value scalar(const Item& item) {
    switch (item.type) {
      case Type::kBinary:
      case Type::kString:
      case Type::kSymbol:
        return {item.type, std::string(item.body)};
      case Type::kUuid:
        return Value::of_uuid(item.as_uuid().value_or(Uuid{}));
      case Type::kNull:
      case Type::kChar:
      case Type::kDecimal:
        return {};
      case Type::kBoolean:
        return Value::of_bool(item.bits != 0);
      default:
        return {item.type, item.bits};
    }
  }

  std::optional<Value> decode_compound(const Item& item) {
    if (item.type == Type::kMap && item.count % 2 != 0) return std::nullopt;
    Value::Parts parts;
    Elements elements(item);
    Type element_type = Type::kNull;
    while (!elements.done()) {
      const Item element = elements.next();
      if (elements.failed()) return std::nullopt;
      element_type = element.type;
      auto value = decode(element);
      if (!value) return std::nullopt;
      parts.push_back(std::move(*value));
    }
    if (elements.failed()) return std::nullopt;
    Value out(item.type, std::move(parts));
    if (item.type == Type::kArray) out.element_type_ = writable(element_type);
    return out;
  }

  static Type writable(Type type) { return type == Type::kChar || type == Type::kDecimal ? Type::kNull : type; }

  std::optional<Value> decode_described(const Item& item) {
    const auto parts = open_described(item);
    if (!parts) return std::nullopt;
    auto descriptor = decode(parts->descriptor);
    auto value = decode(parts->value);
    if (!descriptor || !value) return std::nullopt;
    return Value::described(std::move(*descriptor), std::move(*value));
  }

  size_t nodes_ = 0;
};

std::optional<Value> Value::decode(const Item& item) {
  return ValueDecoder().decode(item);
}

std::optional<Value> Value::decode(ByteView encoded) {
  Reader reader(encoded);
  const Item item = reader.next();
  if (reader.failed() || !reader.done()) return std::nullopt;
  return decode(item);
}

}  // namespace nave::wire::amqp
