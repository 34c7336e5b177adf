#include "wire/amqp/writer.h"

#include <bit>

#include "wire/amqp/reader.h"

namespace nave::wire::amqp {

namespace {

void put(std::string& out, uint8_t code) {
  out.push_back(static_cast<char>(code));
}

bool fits_int8(int64_t v) {
  return v >= INT8_MIN && v <= INT8_MAX;
}

}  // namespace

void Writer::ubyte(uint8_t v) {
  put(out_, 0x50);
  put(out_, v);
}

void Writer::ushort(uint16_t v) {
  put(out_, 0x60);
  append_be(out_, v);
}

void Writer::uint(uint32_t v) {
  if (v == 0) return put(out_, 0x43);
  if (v <= UINT8_MAX) {
    put(out_, 0x52);
    return put(out_, static_cast<uint8_t>(v));
  }
  put(out_, 0x70);
  append_be(out_, v);
}

void Writer::ulong(uint64_t v) {
  if (v == 0) return put(out_, 0x44);
  if (v <= UINT8_MAX) {
    put(out_, 0x53);
    return put(out_, static_cast<uint8_t>(v));
  }
  put(out_, 0x80);
  append_be(out_, v);
}

void Writer::sbyte(int8_t v) {
  put(out_, 0x51);
  put(out_, static_cast<uint8_t>(v));
}

void Writer::sshort(int16_t v) {
  put(out_, 0x61);
  append_be(out_, static_cast<uint16_t>(v));
}

void Writer::sint(int32_t v) {
  if (fits_int8(v)) {
    put(out_, 0x54);
    return put(out_, static_cast<uint8_t>(v));
  }
  put(out_, 0x71);
  append_be(out_, static_cast<uint32_t>(v));
}

void Writer::slong(int64_t v) {
  if (fits_int8(v)) {
    put(out_, 0x55);
    return put(out_, static_cast<uint8_t>(v));
  }
  put(out_, 0x81);
  append_be(out_, static_cast<uint64_t>(v));
}

void Writer::float32(float v) {
  put(out_, 0x72);
  append_be(out_, std::bit_cast<uint32_t>(v));
}

void Writer::float64(double v) {
  put(out_, 0x82);
  append_be(out_, std::bit_cast<uint64_t>(v));
}

void Writer::timestamp_ms(int64_t v) {
  put(out_, 0x83);
  append_be(out_, static_cast<uint64_t>(v));
}

void Writer::uuid(const Uuid& v) {
  put(out_, 0x98);
  out_.append(reinterpret_cast<const char*>(v.data()), v.size());
}

void Writer::sized(uint8_t short_code, ByteView v) {
  if (v.size() <= UINT8_MAX) {
    put(out_, short_code);
    put(out_, static_cast<uint8_t>(v.size()));
  } else {
    put(out_, static_cast<uint8_t>(short_code + 0x10));
    append_be(out_, static_cast<uint32_t>(v.size()));
  }
  out_.append(v);
}

void Writer::binary(ByteView v) {
  sized(0xa0, v);
}
void Writer::string(std::string_view v) {
  sized(0xa1, v);
}
void Writer::symbol(std::string_view v) {
  sized(0xa3, v);
}

void Writer::item(const Item& v) {
  switch (v.type) {
    case Type::kNull:
    case Type::kChar:
    case Type::kDecimal:
      return null();
    case Type::kBoolean:
      return boolean(v.bits != 0);
    case Type::kUbyte:
      return ubyte(static_cast<uint8_t>(v.bits));
    case Type::kUshort:
      return ushort(static_cast<uint16_t>(v.bits));
    case Type::kUint:
      return uint(static_cast<uint32_t>(v.bits));
    case Type::kUlong:
      return ulong(v.bits);
    case Type::kByte:
      return sbyte(static_cast<int8_t>(v.bits));
    case Type::kShort:
      return sshort(static_cast<int16_t>(v.bits));
    case Type::kInt:
      return sint(static_cast<int32_t>(v.bits));
    case Type::kLong:
      return slong(static_cast<int64_t>(v.bits));
    case Type::kFloat:
      return float32(std::bit_cast<float>(static_cast<uint32_t>(v.bits)));
    case Type::kDouble:
      return float64(std::bit_cast<double>(v.bits));
    case Type::kTimestamp:
      return timestamp_ms(static_cast<int64_t>(v.bits));
    case Type::kUuid:
      return uuid(v.as_uuid().value_or(Uuid{}));
    case Type::kBinary:
      return binary(v.body);
    case Type::kString:
      return string(v.body);
    case Type::kSymbol:
      return symbol(v.body);
    case Type::kList:
    case Type::kMap:
    case Type::kArray:
    case Type::kDescribed:
      // Through a Value: what a peer sent may be malformed deeper down, or hold what we never write.
      return value(Value::decode(v).value_or(Value()));
  }
}

void Writer::symbols(const std::vector<std::string_view>& v) {
  size_t size = 1 + 1;  // count and constructor, in the short form
  for (const std::string_view text : v) size += 4 + text.size();
  if (size <= UINT8_MAX && v.size() <= UINT8_MAX) {
    put(out_, 0xe0);
    put(out_, static_cast<uint8_t>(size));
    put(out_, static_cast<uint8_t>(v.size()));
  } else {
    put(out_, 0xf0);
    append_be(out_, static_cast<uint32_t>(size + 3));
    append_be(out_, static_cast<uint32_t>(v.size()));
  }
  put(out_, 0xb3);
  for (const std::string_view text : v) {
    append_be(out_, static_cast<uint32_t>(text.size()));
    out_.append(text);
  }
}

void Writer::descriptor(Code code) {
  put(out_, 0x00);
  put(out_, 0x53);
  put(out_, static_cast<uint8_t>(code));
}

Writer::Mark Writer::begin(char constructor) {
  const Mark mark{out_.size()};
  out_.push_back(constructor);
  out_.append(2, '\0');
  return mark;
}

void Writer::end(Mark mark, uint32_t count) {
  const size_t elements = out_.size() - mark.at - 3;
  if (elements + 1 <= UINT8_MAX && count <= UINT8_MAX) {
    out_[mark.at + 1] = static_cast<char>(elements + 1);
    out_[mark.at + 2] = static_cast<char>(count);
    return;
  }
  // Too long for the short form: make room for 32-bit size and count.
  out_.insert(mark.at + 3, 6, '\0');
  out_[mark.at] = static_cast<char>(static_cast<uint8_t>(out_[mark.at]) + 0x10);
  store_be(&out_[mark.at + 1], static_cast<uint32_t>(elements + 4));
  store_be(&out_[mark.at + 5], count);
}

}  // namespace nave::wire::amqp
