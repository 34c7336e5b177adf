// An encoded AMQP value seen in place: nothing is copied and nothing is owned. What Reader yields and Writer can write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/amqp/types.h"

namespace nave::wire::amqp {

// Views point into the buffer that was read (or into the Value that made the item) and live as long as that.
struct Item {
  Type type = Type::kNull;
  uint8_t depth = 0;   // how many compounds it is inside of, for the nesting limit
  uint32_t count = 0;  // list, array: elements; map: keys plus values
  uint64_t bits = 0;   // fixed-width scalars up to 8 bytes: two's complement for signed, IEEE bits for float and double
  ByteView body{};     // binary, string, symbol: content; uuid, decimal: its bytes; list, map: the elements;
                       // array: the constructor and the elements; described: the descriptor and the value
  ByteView encoded{};  // the whole value with its constructor; empty for elements of an array and for Value::view()

  [[nodiscard]] bool is_null() const { return type == Type::kNull; }
  // Each of these is empty when the type is another one.
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] std::optional<std::string_view> as_text() const;  // string or symbol
  [[nodiscard]] std::optional<ByteView> as_binary() const;
  [[nodiscard]] std::optional<int64_t> as_int64() const;    // every integer type whose value fits; not timestamp
  [[nodiscard]] std::optional<uint64_t> as_uint64() const;  // every integer type whose value is not negative
  [[nodiscard]] std::optional<uint32_t> as_uint32() const;  // as_uint64() where it fits
  [[nodiscard]] std::optional<double> as_double() const;    // float, double and every integer type
  [[nodiscard]] std::optional<int64_t> as_timestamp_ms() const;
  [[nodiscard]] std::optional<Uuid> as_uuid() const;
  // A scalar as text: strings and symbols as they are, uuid in its usual form, integers in decimal, true/false,
  // timestamps as milliseconds, binary as its bytes. Empty optional for null, compounds, char and decimals.
  [[nodiscard]] std::optional<std::string> to_text() const;
};

// "6b3f8f2a-…", lower case.
[[nodiscard]] std::string format_uuid(const Uuid& uuid);
// The usual 8-4-4-4-12 form in either case; anything else is nullopt.
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace nave::wire::amqp
