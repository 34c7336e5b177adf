// An owned AMQP value that keeps its exact type, for what must be stored or echoed: correlation ids, filters, link
// properties, error info. The hot paths use Item (reader) and Writer instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "wire/amqp/item.h"
#include "wire/amqp/types.h"

namespace nave::wire::amqp {

class Value {
 public:
  Value() = default;  // null

  static Value of_bool(bool v);
  static Value of_ubyte(uint8_t v);
  static Value of_ushort(uint16_t v);
  static Value of_uint(uint32_t v);
  static Value of_ulong(uint64_t v);
  static Value of_byte(int8_t v);
  static Value of_short(int16_t v);
  static Value of_int(int32_t v);
  static Value of_long(int64_t v);
  static Value of_float(float v);
  static Value of_double(double v);
  static Value of_timestamp_ms(int64_t v);
  static Value of_uuid(const Uuid& v);
  static Value of_binary(ByteView v);
  static Value of_string(std::string_view v);
  static Value of_symbol(std::string_view v);
  static Value list(std::vector<Value> elements);
  // An ordered map; add() appends entries. Keys are not checked for uniqueness.
  static Value map();
  // All elements must have the type `element_type`; described elements cannot be written (§1 R12).
  static Value array(Type element_type, std::vector<Value> elements);
  static Value described(Value descriptor, Value value);

  // Reads one whole value with everything inside it. Empty if the bytes are malformed, nested too deep or hold more
  // than limits::kAmqpValueNodesMax values. Char and decimals become null; a descriptor on array elements is dropped.
  [[nodiscard]] static std::optional<Value> decode(const Item& item);
  // As above, from bytes that must hold exactly one value.
  [[nodiscard]] static std::optional<Value> decode(ByteView encoded);

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] bool is_null() const { return type_ == Type::kNull; }

  // Scalars: as the functions of the same name on Item.
  [[nodiscard]] std::optional<bool> as_bool() const { return view().as_bool(); }
  [[nodiscard]] std::optional<std::string_view> as_text() const { return view().as_text(); }
  [[nodiscard]] std::optional<ByteView> as_binary() const { return view().as_binary(); }
  [[nodiscard]] std::optional<int64_t> as_int64() const { return view().as_int64(); }
  [[nodiscard]] std::optional<uint64_t> as_uint64() const { return view().as_uint64(); }
  [[nodiscard]] std::optional<double> as_double() const { return view().as_double(); }
  [[nodiscard]] std::optional<int64_t> as_timestamp_ms() const { return view().as_timestamp_ms(); }
  [[nodiscard]] std::optional<Uuid> as_uuid() const { return view().as_uuid(); }
  [[nodiscard]] std::optional<std::string> to_text() const { return view().to_text(); }
  // A scalar seen as an item; views point into this Value. Only type is set for compounds.
  [[nodiscard]] Item view() const;

  // List and array elements; empty for other types.
  [[nodiscard]] const std::vector<Value>& elements() const;
  [[nodiscard]] Type element_type() const { return element_type_; }  // of an array

  // Maps: entries in order; find() looks for a string or symbol key and returns nullptr if there is none.
  [[nodiscard]] size_t entry_count() const;
  [[nodiscard]] const Value& key(size_t i) const;
  [[nodiscard]] const Value& value(size_t i) const;
  [[nodiscard]] const Value* find(std::string_view key) const;
  Value& add(Value key, Value value);  // returns *this; a null Value becomes a map first

  // Described values: both are a null Value for other types.
  [[nodiscard]] const Value& descriptor() const;
  [[nodiscard]] const Value& described_value() const;

  bool operator==(const Value&) const = default;  // type and content

 private:
  friend class ValueDecoder;
  using Parts = std::vector<Value>;  // list, array: elements; map: key, value, …; described: descriptor, value

  Value(Type type, uint64_t bits) : type_(type), data_(bits) {}
  Value(Type type, std::string text) : type_(type), data_(std::move(text)) {}
  Value(Type type, Parts parts) : type_(type), data_(std::move(parts)) {}
  [[nodiscard]] const Parts& parts() const;

  Type type_ = Type::kNull;
  Type element_type_ = Type::kNull;
  std::variant<uint64_t, Uuid, std::string, Parts> data_ = uint64_t{0};
};

// Appends the encoding. Char and decimal cannot occur; an array of described elements is written as a list.
void encode(const Value& value, std::string& out);

}  // namespace nave::wire::amqp
