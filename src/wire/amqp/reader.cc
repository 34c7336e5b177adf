#include "wire/amqp/reader.h"

#include <array>

#include "base/limits.h"

namespace nave::wire::amqp {

namespace {

enum class Kind : uint8_t { kBad, kDescribed, kFixed, kVariable, kCompound, kArray };

// What a constructor byte says: the type, and how many bytes the value (fixed) or its length field (others) takes.
struct Shape {
  Kind kind = Kind::kBad;
  Type type = Type::kNull;
  uint8_t width = 0;
  uint8_t empty_bits = 0;  // the value of constructors that have no bytes
};

constexpr std::array<Shape, 256> make_shapes() {
  std::array<Shape, 256> shapes{};
  shapes[0x00] = {Kind::kDescribed, Type::kDescribed, 0, 0};
  shapes[0x40] = {Kind::kFixed, Type::kNull, 0, 0};
  shapes[0x41] = {Kind::kFixed, Type::kBoolean, 0, 1};
  shapes[0x42] = {Kind::kFixed, Type::kBoolean, 0, 0};
  shapes[0x43] = {Kind::kFixed, Type::kUint, 0, 0};
  shapes[0x44] = {Kind::kFixed, Type::kUlong, 0, 0};
  shapes[0x45] = {Kind::kFixed, Type::kList, 0, 0};
  shapes[0x50] = {Kind::kFixed, Type::kUbyte, 1, 0};
  shapes[0x51] = {Kind::kFixed, Type::kByte, 1, 0};
  shapes[0x52] = {Kind::kFixed, Type::kUint, 1, 0};
  shapes[0x53] = {Kind::kFixed, Type::kUlong, 1, 0};
  shapes[0x54] = {Kind::kFixed, Type::kInt, 1, 0};
  shapes[0x55] = {Kind::kFixed, Type::kLong, 1, 0};
  shapes[0x56] = {Kind::kFixed, Type::kBoolean, 1, 0};
  shapes[0x60] = {Kind::kFixed, Type::kUshort, 2, 0};
  shapes[0x61] = {Kind::kFixed, Type::kShort, 2, 0};
  shapes[0x70] = {Kind::kFixed, Type::kUint, 4, 0};
  shapes[0x71] = {Kind::kFixed, Type::kInt, 4, 0};
  shapes[0x72] = {Kind::kFixed, Type::kFloat, 4, 0};
  shapes[0x73] = {Kind::kFixed, Type::kChar, 4, 0};
  shapes[0x74] = {Kind::kFixed, Type::kDecimal, 4, 0};
  shapes[0x80] = {Kind::kFixed, Type::kUlong, 8, 0};
  shapes[0x81] = {Kind::kFixed, Type::kLong, 8, 0};
  shapes[0x82] = {Kind::kFixed, Type::kDouble, 8, 0};
  shapes[0x83] = {Kind::kFixed, Type::kTimestamp, 8, 0};
  shapes[0x84] = {Kind::kFixed, Type::kDecimal, 8, 0};
  shapes[0x94] = {Kind::kFixed, Type::kDecimal, 16, 0};
  shapes[0x98] = {Kind::kFixed, Type::kUuid, 16, 0};
  for (const unsigned wide : {0u, 1u}) {
    const uint8_t width = wide == 1 ? 4 : 1;
    const unsigned step = 0x10 * wide;
    shapes[0xa0 + step] = {Kind::kVariable, Type::kBinary, width, 0};
    shapes[0xa1 + step] = {Kind::kVariable, Type::kString, width, 0};
    shapes[0xa3 + step] = {Kind::kVariable, Type::kSymbol, width, 0};
    shapes[0xc0 + step] = {Kind::kCompound, Type::kList, width, 0};
    shapes[0xc1 + step] = {Kind::kCompound, Type::kMap, width, 0};
    shapes[0xe0 + step] = {Kind::kArray, Type::kArray, width, 0};
  }
  return shapes;
}

constexpr std::array<Shape, 256> kShapes = make_shapes();
constexpr uint8_t kDescribedCode = 0x00;
constexpr uint8_t kNullCode = 0x40;

uint64_t sign_extend(uint64_t v, size_t width) {
  const unsigned shift = static_cast<unsigned>(64 - 8 * width);
  return static_cast<uint64_t>(static_cast<int64_t>(v << shift) >> shift);
}

bool is_signed(Type type) {
  return type >= Type::kByte && type <= Type::kLong;
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
  return kShapes[code].kind == Kind::kFixed && kShapes[code].width == 0;
}

}  // namespace

void Reader::fail(Item& item) {
  failed_ = true;
  rest_ = {};
  item = Item{.depth = depth_};
}

Item Reader::next() {
  Item item{.depth = depth_};
  if (failed_ || rest_.empty()) {
    fail(item);
    return item;
  }
  const ByteView from = rest_;
  const uint8_t code = byte_at(from, 0);
  rest_.remove_prefix(1);
  const bool whole = code == kNullCode || (code == kDescribedCode ? described(item) : body_of(code, item));
  if (whole) {
    item.encoded = from.substr(0, from.size() - rest_.size());
    if (code == kDescribedCode) item.body = item.encoded.substr(1);
  } else {
    fail(item);
  }
  return item;
}

bool Reader::body_of(uint8_t code, Item& item) {
  const Shape shape = kShapes[code];
  if (rest_.size() < shape.width) return false;
  item.type = shape.type;
  switch (shape.kind) {
    case Kind::kFixed:
      item.bits = shape.empty_bits;
      fixed(shape.width, item);
      return true;
    case Kind::kVariable:
      return variable(shape.width, item);
    case Kind::kCompound:
    case Kind::kArray:
      return compound(shape.width, item);
    default:
      return false;
  }
}

// The caller has checked that `width` bytes are there.
void Reader::fixed(size_t width, Item& item) {
  if (width == 16) {
    item.body = rest_.substr(0, width);
  } else if (width > 0) {
    item.bits = load_number(rest_.data(), width);
    if (is_signed(item.type)) item.bits = sign_extend(item.bits, width);
  }
  rest_.remove_prefix(width);
}

bool Reader::variable(size_t length_width, Item& item) {
  const uint64_t length = load_number(rest_.data(), length_width);
  rest_.remove_prefix(length_width);
  if (rest_.size() < length) return false;
  item.body = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return true;
}

bool Reader::compound(size_t length_width, Item& item) {
  if (rest_.size() < 2 * length_width || depth_ >= limits::kAmqpNestingDepthMax) return false;
  const uint64_t size = load_number(rest_.data(), length_width);
  const uint64_t count = load_number(rest_.data() + length_width, length_width);
  // The size counts the bytes of the count field too.
  if (size < length_width || rest_.size() - length_width < size) return false;
  item.body = rest_.substr(2 * length_width, size - length_width);
  // Every element of a list or map has a constructor byte of its own, so more elements than bytes is a lie.
  if (item.type != Type::kArray && count > item.body.size()) return false;
  item.count = static_cast<uint32_t>(count);
  rest_.remove_prefix(length_width + size);
  return true;
}

// Descriptor and value are walked to know where they end; both may themselves be described.
bool Reader::described(Item& item) {
  if (depth_ >= limits::kAmqpNestingDepthMax) return false;
  ++depth_;
  next();
  next();
  --depth_;
  item.type = Type::kDescribed;
  item.count = 2;
  return !failed_;
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
  Item none;
  if (reader_.rest_.empty()) return reader_.fail(none);
  code_ = byte_at(reader_.rest_, 0);
  reader_.rest_.remove_prefix(1);
  // Elements without bytes could be announced by the billion.
  const size_t most = is_zero_width(code_) ? limits::kAmqpValueNodesMax : reader_.rest_.size();
  if (left_ > most) reader_.fail(none);
}

Item Elements::next() {
  if (done()) return {};
  --left_;
  if (!array_) return reader_.next();
  // `encoded` stays empty: an element of an array has no constructor of its own.
  Item item{.depth = reader_.depth_};
  if (!reader_.body_of(code_, item)) reader_.fail(item);
  return item;
}

std::optional<DescribedItem> Reader::next_described() {
  if (failed_ || rest_.empty() || byte_at(rest_, 0) != kDescribedCode || depth_ >= limits::kAmqpNestingDepthMax) {
    Item none;
    fail(none);
    return std::nullopt;
  }
  rest_.remove_prefix(1);
  ++depth_;
  std::optional<DescribedItem> out(std::in_place);
  out->descriptor = next();
  out->value = next();
  --depth_;
  if (failed_) return std::nullopt;
  if (out->descriptor.type == Type::kUlong) out->code = out->descriptor.bits;
  return out;
}

std::optional<DescribedItem> open_described(const Item& item) {
  if (item.type != Type::kDescribed) return std::nullopt;
  return Reader(item.encoded, item.depth).next_described();
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
