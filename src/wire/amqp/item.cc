#include "wire/amqp/item.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

namespace nave::wire::amqp {

namespace {

bool is_unsigned(Type t) {
  return t >= Type::kUbyte && t <= Type::kUlong;
}

bool is_signed(Type t) {
  return t >= Type::kByte && t <= Type::kLong;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The shortest digits that read back as the same number, as most languages print it.
std::optional<std::string> floating_text(const Item& item) {
  const auto number = item.as_double();
  if (!number) return std::nullopt;
  char text[32];
  const auto result = item.type == Type::kFloat ? std::to_chars(text, text + sizeof text, static_cast<float>(*number))
                                                : std::to_chars(text, text + sizeof text, *number);
  return std::string(text, result.ptr);
}

constexpr bool dash_after(size_t byte) {
  return byte == 3 || byte == 5 || byte == 7 || byte == 9;
}

}  // namespace

std::optional<bool> Item::as_bool() const {
  if (type != Type::kBoolean) return std::nullopt;
  return bits != 0;
}

std::optional<std::string_view> Item::as_text() const {
  if (type != Type::kString && type != Type::kSymbol) return std::nullopt;
  return body;
}

std::optional<ByteView> Item::as_binary() const {
  if (type != Type::kBinary) return std::nullopt;
  return body;
}

std::optional<int64_t> Item::as_int64() const {
  if (is_signed(type)) return static_cast<int64_t>(bits);
  if (is_unsigned(type) && bits <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return static_cast<int64_t>(bits);
  }
  return std::nullopt;
}

std::optional<uint64_t> Item::as_uint64() const {
  if (is_unsigned(type)) return bits;
  if (is_signed(type) && static_cast<int64_t>(bits) >= 0) return bits;
  return std::nullopt;
}

std::optional<uint32_t> Item::as_uint32() const {
  const auto v = as_uint64();
  if (!v || *v > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*v);
}

std::optional<double> Item::as_double() const {
  if (type == Type::kFloat) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  if (type == Type::kDouble) return std::bit_cast<double>(bits);
  if (is_signed(type)) return static_cast<double>(static_cast<int64_t>(bits));
  if (is_unsigned(type)) return static_cast<double>(bits);
  return std::nullopt;
}

std::optional<int64_t> Item::as_timestamp_ms() const {
  if (type != Type::kTimestamp) return std::nullopt;
  return static_cast<int64_t>(bits);
}

std::optional<Uuid> Item::as_uuid() const {
  if (type != Type::kUuid || body.size() != sizeof(Uuid)) return std::nullopt;
  Uuid uuid;
  std::memcpy(uuid.data(), body.data(), uuid.size());
  return uuid;
}

std::optional<std::string> Item::to_text() const {
  if (const auto text = as_text()) return std::string(*text);
  if (const auto bytes = as_binary()) return std::string(*bytes);
  if (const auto uuid = as_uuid()) return format_uuid(*uuid);
  if (const auto flag = as_bool()) return *flag ? "true" : "false";
  if (is_unsigned(type)) return std::to_string(bits);
  if (is_signed(type) || type == Type::kTimestamp) return std::to_string(static_cast<int64_t>(bits));
  return floating_text(*this);
}

std::string format_uuid(const Uuid& uuid) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (size_t i = 0; i < uuid.size(); ++i) {
    out.push_back(kDigits[uuid[i] >> 4]);
    out.push_back(kDigits[uuid[i] & 15]);
    if (dash_after(i)) out.push_back('-');
  }
  return out;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  size_t at = 0;
  for (size_t i = 0; i < uuid.size(); ++i) {
    const int high = hex_digit(text[at]);
    const int low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid[i] = static_cast<uint8_t>(high * 16 + low);
    at += 2;
    if (dash_after(i) && text[at++] != '-') return std::nullopt;
  }
  return uuid;
}

}  // namespace nave::wire::amqp
