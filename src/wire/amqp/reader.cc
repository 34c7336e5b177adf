#include "wire/amqp/reader.h"

#include "base/limits.h"

namespace nave::wire::amqp {

namespace {

// The high half of a constructor says how long the value is; the low half, with it, which type.
enum Category : uint8_t {
  kEmpty = 0x4,
  kFixed1 = 0x5,
  kFixed2 = 0x6,
  kFixed4 = 0x7,
  kFixed8 = 0x8,
  kFixed16 = 0x9,
  kVariable1 = 0xa,
  kVariable4 = 0xb,
  kCompound1 = 0xc,
  kCompound4 = 0xd,
  kArray1 = 0xe,
  kArray4 = 0xf,
};

constexpr uint8_t kDescribedCode = 0x00;

uint64_t sign_extend(uint64_t v, size_t width) {
  const unsigned shift = static_cast<unsigned>(64 - 8 * width);
  return static_cast<uint64_t>(static_cast<int64_t>(v << shift) >> shift);
}

// Type and value of constructors without a body; false for codes that do not exist.
bool empty_value(uint8_t code, Item& item) {
  switch (code) {
    case 0x40:
      return true;
    case 0x41:
    case 0x42:
      item.type = Type::kBoolean;
      item.bits = code == 0x41;
      return true;
    case 0x43:
      item.type = Type::kUint;
      return true;
    case 0x44:
      item.type = Type::kUlong;
      return true;
    case 0x45:
      item.type = Type::kList;
      return true;
    default:
      return false;
  }
}

std::optional<Type> fixed_type(uint8_t code) {
  switch (code) {
    case 0x50:
      return Type::kUbyte;
    case 0x51:
      return Type::kByte;
    case 0x52:
    case 0x70:
      return Type::kUint;
    case 0x53:
    case 0x80:
      return Type::kUlong;
    case 0x54:
    case 0x71:
      return Type::kInt;
    case 0x55:
    case 0x81:
      return Type::kLong;
    case 0x56:
      return Type::kBoolean;
    case 0x60:
      return Type::kUshort;
    case 0x61:
      return Type::kShort;
    case 0x72:
      return Type::kFloat;
    case 0x73:
      return Type::kChar;
    case 0x74:
    case 0x84:
    case 0x94:
      return Type::kDecimal;
    case 0x82:
      return Type::kDouble;
    case 0x83:
      return Type::kTimestamp;
    case 0x98:
      return Type::kUuid;
    default:
      return std::nullopt;
  }
}

std::optional<Type> variable_type(uint8_t code) {
  switch (code & 0x0f) {
    case 0x0:
      return Type::kBinary;
    case 0x1:
      return Type::kString;
    case 0x3:
      return Type::kSymbol;
    default:
      return std::nullopt;
  }
}

uint64_t load_number(const char* p, size_t width) {
  switch (width) {
    case 1:
      return load_be<uint8_t>(p);
    case 2:
      return load_be<uint16_t>(p);
    case 4:
      return load_be<uint32_t>(p);
    default:
      return load_be<uint64_t>(p);
  }
}

bool is_zero_width(uint8_t code) {
  return (code >> 4) == kEmpty;
}

}  // namespace

Item Reader::fail() {
  failed_ = true;
  rest_ = {};
  return Item{.depth = depth_};
}

Item Reader::next() {
  if (failed_ || rest_.empty()) return fail();
  const ByteView from = rest_;
  const uint8_t code = byte_at(from, 0);
  rest_.remove_prefix(1);
  if (code == kDescribedCode) return described(from);
  Item item = body_of(code);
  if (!failed_) item.encoded = from.substr(0, from.size() - rest_.size());
  return item;
}

Item Reader::body_of(uint8_t code) {
  switch (code >> 4) {
    case kEmpty: {
      Item item{.depth = depth_};
      return empty_value(code, item) ? item : fail();
    }
    case kFixed1:
      return fixed(code, 1);
    case kFixed2:
      return fixed(code, 2);
    case kFixed4:
      return fixed(code, 4);
    case kFixed8:
      return fixed(code, 8);
    case kFixed16:
      return fixed(code, 16);
    case kVariable1:
      return variable(code, 1);
    case kVariable4:
      return variable(code, 4);
    case kCompound1:
    case kArray1:
      return compound(code, 1);
    case kCompound4:
    case kArray4:
      return compound(code, 4);
    default:
      return fail();
  }
}

Item Reader::fixed(uint8_t code, size_t width) {
  const auto type = fixed_type(code);
  if (!type || rest_.size() < width) return fail();
  Item item{.type = *type, .depth = depth_};
  if (width == 16) {
    item.body = rest_.substr(0, width);
  } else {
    item.bits = load_number(rest_.data(), width);
    if (*type >= Type::kByte && *type <= Type::kLong) item.bits = sign_extend(item.bits, width);
  }
  rest_.remove_prefix(width);
  return item;
}

Item Reader::variable(uint8_t code, size_t length_width) {
  const auto type = variable_type(code);
  if (!type || rest_.size() < length_width) return fail();
  const uint64_t length = load_number(rest_.data(), length_width);
  rest_.remove_prefix(length_width);
  if (rest_.size() < length) return fail();
  Item item{.type = *type, .depth = depth_, .body = rest_.substr(0, length)};
  rest_.remove_prefix(length);
  return item;
}

Item Reader::compound(uint8_t code, size_t length_width) {
  const uint8_t low = code & 0x0f;
  const bool array = (code >> 4) >= kArray1;
  if (array ? low != 0 : low > 1) return fail();
  if (rest_.size() < 2 * length_width || depth_ >= limits::kAmqpNestingDepthMax) return fail();
  const uint64_t size = load_number(rest_.data(), length_width);
  const uint64_t count = load_number(rest_.data() + length_width, length_width);
  // The size counts the bytes of the count field too.
  if (size < length_width || rest_.size() - length_width < size) return fail();
  const ByteView body = rest_.substr(2 * length_width, size - length_width);
  // Every element of a list or map has a constructor byte of its own, so more elements than bytes is a lie.
  if (!array && count > body.size()) return fail();
  Item item{.depth = depth_, .count = static_cast<uint32_t>(count), .body = body};
  item.type = array ? Type::kArray : low == 0 ? Type::kList : Type::kMap;
  rest_.remove_prefix(length_width + size);
  return item;
}

Item Reader::described(ByteView from) {
  if (depth_ >= limits::kAmqpNestingDepthMax) return fail();
  // Descriptor and value are walked to know where they end; both may themselves be described.
  ++depth_;
  next();
  next();
  --depth_;
  if (failed_) return fail();
  const size_t length = from.size() - rest_.size();
  return Item{.type = Type::kDescribed,
              .depth = depth_,
              .count = 2,
              .body = from.substr(1, length - 1),
              .encoded = from.substr(0, length)};
}

Elements::Elements(const Item& compound) : reader_(compound.body, static_cast<uint8_t>(compound.depth + 1)) {
  if (compound.type != Type::kList && compound.type != Type::kMap && compound.type != Type::kArray) return;
  left_ = compound.count;
  array_ = compound.type == Type::kArray;
  if (array_ && left_ > 0) read_array_constructor();
}

void Elements::read_array_constructor() {
  // A descriptor before the constructor belongs to every element; nothing here needs it.
  while (!reader_.rest_.empty() && byte_at(reader_.rest_, 0) == kDescribedCode) {
    reader_.rest_.remove_prefix(1);
    reader_.next();
  }
  if (reader_.rest_.empty()) {
    reader_.fail();
    return;
  }
  code_ = byte_at(reader_.rest_, 0);
  reader_.rest_.remove_prefix(1);
  // Elements without bytes could be announced by the billion.
  const size_t most = is_zero_width(code_) ? limits::kAmqpValueNodesMax : reader_.rest_.size();
  if (left_ > most) reader_.fail();
}

Item Elements::next() {
  if (done()) return {};
  --left_;
  if (!array_) return reader_.next();
  // `encoded` stays empty: an element of an array has no constructor of its own.
  return reader_.body_of(code_);
}

std::optional<DescribedItem> open_described(const Item& item) {
  if (item.type != Type::kDescribed) return std::nullopt;
  Reader reader(item.body, static_cast<uint8_t>(item.depth + 1));
  DescribedItem out;
  out.descriptor = reader.next();
  out.value = reader.next();
  if (reader.failed()) return std::nullopt;
  if (out.descriptor.type == Type::kUlong) out.code = out.descriptor.bits;
  return out;
}

Item find_entry(const Item& map, std::string_view key) {
  Item found;
  const bool whole = for_each_entry(map, [&](const Item& k, const Item& v) {
    if (k.as_text() != key) return true;
    found = v;
    return false;
  });
  return whole ? found : Item{};
}

}  // namespace nave::wire::amqp
