#include "base/bytes.h"
#include "wire/amqp/value.h"
#include "wire/amqp/writer.h"

namespace nave::wire::amqp {

namespace {

// Constructor of array elements, which all have the same: the widest form of each type.
uint8_t element_code(Type type) {
  switch (type) {
    case Type::kBoolean:
      return 0x56;
    case Type::kUbyte:
      return 0x50;
    case Type::kUshort:
      return 0x60;
    case Type::kUint:
      return 0x70;
    case Type::kUlong:
      return 0x80;
    case Type::kByte:
      return 0x51;
    case Type::kShort:
      return 0x61;
    case Type::kInt:
      return 0x71;
    case Type::kLong:
      return 0x81;
    case Type::kFloat:
      return 0x72;
    case Type::kDouble:
      return 0x82;
    case Type::kTimestamp:
      return 0x83;
    case Type::kUuid:
      return 0x98;
    case Type::kBinary:
      return 0xb0;
    case Type::kString:
      return 0xb1;
    case Type::kSymbol:
      return 0xb3;
    case Type::kList:
      return 0xd0;
    case Type::kMap:
      return 0xd1;
    case Type::kArray:
      return 0xf0;
    default:
      return 0x40;
  }
}

void encode_array(const Value& array, std::string& out);

// A list or map as an array element: 32-bit size and count, then ordinary values.
void encode_compound_element(const Value& v, std::string& out) {
  const size_t size_at = out.size();
  out.append(4, '\0');
  if (v.type() == Type::kMap) {
    append_be(out, static_cast<uint32_t>(2 * v.entry_count()));
    for (size_t i = 0; i < v.entry_count(); ++i) {
      encode(v.key(i), out);
      encode(v.value(i), out);
    }
  } else {
    append_be(out, static_cast<uint32_t>(v.elements().size()));
    for (const Value& element : v.elements()) encode(element, out);
  }
  store_be(&out[size_at], static_cast<uint32_t>(out.size() - size_at - 4));
}

void encode_element(const Value& v, std::string& out) {
  const Item item = v.view();
  switch (element_code(v.type()) >> 4) {
    case 0x5:
      append_be(out, static_cast<uint8_t>(item.bits));
      return;
    case 0x6:
      append_be(out, static_cast<uint16_t>(item.bits));
      return;
    case 0x7:
      append_be(out, static_cast<uint32_t>(item.bits));
      return;
    case 0x8:
      append_be(out, item.bits);
      return;
    case 0x9:
      out.append(item.body);
      return;
    case 0xb:
      append_be(out, static_cast<uint32_t>(item.body.size()));
      out.append(item.body);
      return;
    case 0xd:
      encode_compound_element(v, out);
      return;
    case 0xf:
      encode_array(v, out);
      return;
    default:
      return;
  }
}

// Size, count, constructor and elements of an array in its 32-bit form, without the 0xf0.
void encode_array(const Value& array, std::string& out) {
  const size_t size_at = out.size();
  out.append(4, '\0');
  append_be(out, static_cast<uint32_t>(array.elements().size()));
  out.push_back(static_cast<char>(element_code(array.element_type())));
  for (const Value& element : array.elements()) encode_element(element, out);
  store_be(&out[size_at], static_cast<uint32_t>(out.size() - size_at - 4));
}

void encode_list(const Value& v, Writer& writer) {
  const auto list = writer.begin_list();
  for (const Value& element : v.elements()) writer.value(element);
  writer.end(list, static_cast<uint32_t>(v.elements().size()));
}

// True if the elements are what the array says, so that one constructor serves all of them.
bool uniform(const Value& array) {
  if (array.element_type() == Type::kDescribed) return false;
  for (const Value& element : array.elements()) {
    if (element.type() != array.element_type()) return false;
  }
  return true;
}

void encode_array_value(const Value& v, Writer& writer, std::string& out) {
  if (!uniform(v)) return encode_list(v, writer);
  if (v.element_type() == Type::kSymbol) {
    std::vector<std::string_view> texts;
    for (const Value& element : v.elements()) texts.push_back(element.as_text().value_or(std::string_view{}));
    return writer.symbols(texts);
  }
  out.push_back('\xf0');
  encode_array(v, out);
}

}  // namespace

void encode(const Value& v, std::string& out) {
  Writer writer(out);
  switch (v.type()) {
    case Type::kList:
      return encode_list(v, writer);
    case Type::kMap: {
      const auto map = writer.begin_map();
      for (size_t i = 0; i < v.entry_count(); ++i) {
        writer.value(v.key(i));
        writer.value(v.value(i));
      }
      return writer.end(map, static_cast<uint32_t>(2 * v.entry_count()));
    }
    case Type::kArray:
      return encode_array_value(v, writer, out);
    case Type::kDescribed:
      out.push_back('\0');
      writer.value(v.descriptor());
      return writer.value(v.described_value());
    default:
      return writer.item(v.view());
  }
}

}  // namespace nave::wire::amqp
