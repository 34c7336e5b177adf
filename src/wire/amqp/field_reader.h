// The fields of a performative, one typed read after the other. Absent and null fields read as empty; a field of
// another type than the schema's marks the whole performative as bad.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/amqp/reader.h"
#include "wire/amqp/value.h"

namespace nave::wire::amqp {

class FieldReader {
 public:
  explicit FieldReader(const Item& list) : elements_(list), ok_(list.type == Type::kList) {}

  // No field was of a wrong type so far. What is left unread is not looked at.
  [[nodiscard]] bool ok() const { return ok_ && !elements_.failed(); }

  Item item() { return elements_.next(); }
  void skip() { elements_.next(); }
  std::optional<bool> boolean() { return scalar(Type::kBoolean, &Item::as_bool); }
  std::optional<uint8_t> ubyte() { return narrow<uint8_t>(Type::kUbyte); }
  std::optional<uint16_t> ushort() { return narrow<uint16_t>(Type::kUshort); }
  std::optional<uint32_t> uint() { return narrow<uint32_t>(Type::kUint); }
  std::optional<uint64_t> ulong() { return scalar(Type::kUlong, &Item::as_uint64); }
  std::optional<ByteView> binary() { return scalar(Type::kBinary, &Item::as_binary); }

  // String or symbol: peers mix them up.
  std::optional<std::string_view> text() {
    const Item v = item();
    const auto out = v.as_text();
    if (!out && !v.is_null()) ok_ = false;
    return out;
  }

  Value value() {
    auto v = Value::decode(item());
    if (!v) ok_ = false;
    return v ? std::move(*v) : Value();
  }

  // The field must be there.
  template <class T>
  T required(const std::optional<T>& v) {
    if (!v) ok_ = false;
    return v.value_or(T{});
  }

 private:
  template <class T>
  std::optional<T> scalar(Type type, std::optional<T> (Item::*get)() const) {
    const Item v = item();
    if (v.is_null()) return std::nullopt;
    if (v.type != type) ok_ = false;
    return (v.*get)();
  }

  template <class T>
  std::optional<T> narrow(Type type) {
    const Item v = item();
    if (v.is_null()) return std::nullopt;
    if (v.type != type) ok_ = false;
    return static_cast<T>(v.bits);
  }

  Elements elements_;
  bool ok_;
};

}  // namespace nave::wire::amqp
