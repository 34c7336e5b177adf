#include "bench/read_events/frames.h"

#include <initializer_list>

namespace nave::bench {
namespace {

std::string big_endian(uint32_t value) {
  std::string out(4, '\0');
  for (size_t i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i) & 0xff);
  return out;
}

uint32_t number(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

const std::string kNull = "\x40";
const std::string kTrue = "\x41";

std::string uint_value(uint32_t value) {
  return "\x70" + big_endian(value);
}
std::string sized(char code, std::string_view bytes) {
  return code + big_endian(static_cast<uint32_t>(bytes.size())) + std::string(bytes);
}
std::string text(std::string_view value) {
  return sized('\xb1', value);
}
std::string symbol(std::string_view value) {
  return sized('\xb3', value);
}
std::string binary(std::string_view value) {
  return sized('\xb0', value);
}

std::string compound(char code, std::initializer_list<std::string> items) {
  std::string body = big_endian(static_cast<uint32_t>(items.size()));
  for (const std::string& item : items) body += item;
  return sized(code, body);
}

std::string described(uint8_t code, std::initializer_list<std::string> fields) {
  return std::string("\x00\x53", 2) + static_cast<char>(code) + compound('\xd0', fields);
}

std::string frame(uint8_t type, const std::string& body) {
  const std::string head{2, static_cast<char>(type), 0, 0};
  return big_endian(static_cast<uint32_t>(body.size() + 8)) + head + body;
}

}  // namespace

std::string sasl_plain(std::string_view user, std::string_view password) {
  std::string response(1, '\0');
  response.append(user).push_back('\0');
  response.append(password);
  return frame(1, described(0x41, {symbol("PLAIN"), binary(response)}));
}

std::string open_frame(std::string_view host) {
  return frame(0, described(0x10, {text("read_events"), text(host), uint_value(65536)}));
}

std::string begin_frame() {
  return frame(0, described(0x11, {kNull, uint_value(0), uint_value(1U << 30), uint_value(1024), uint_value(255)}));
}

std::string attach_frame(uint32_t handle, std::string_view address) {
  const std::string name = "apache.org:selector-filter:string";
  const std::string selector = std::string("\x00", 1) + symbol(name) + text("amqp.annotation.x-opt-offset > '-1'");
  const std::string filter = compound('\xd1', {symbol(name), selector});
  const std::string source = described(0x28, {text(address), kNull, kNull, kNull, kNull, kNull, kNull, filter});
  const std::string target = described(0x29, {text("reader")});
  return frame(0, described(0x12, {text("reader-" + std::to_string(handle)), uint_value(handle), kTrue,
                                   std::string("\x50\x01", 2), std::string("\x50\x00", 2), source, target}));
}

std::string flow_frame(uint32_t next_incoming_id, uint32_t handle, uint32_t delivery_count, uint32_t credit) {
  return frame(0, described(0x13, {uint_value(next_incoming_id), uint_value(1U << 30), uint_value(0), uint_value(1024),
                                   uint_value(handle), uint_value(delivery_count), uint_value(credit)}));
}

size_t take_frame(std::string_view bytes, Frame& frame) {
  if (bytes.size() < 8) return 0;
  const size_t size = number(bytes, 0);
  if (bytes.size() < size) return 0;
  const size_t body = size_t{4} * static_cast<uint8_t>(bytes[4]);
  frame = {static_cast<uint8_t>(bytes[5]), 0, {}};
  if (size >= body + 4) {
    frame.performative = static_cast<uint8_t>(bytes[body + 2]);
    const size_t list_head = bytes[body + 3] == '\xd0' ? 9 : 3;
    if (size >= body + 3 + list_head) frame.fields = bytes.substr(body + 3 + list_head, size - body - 3 - list_head);
  }
  return size;
}

uint32_t leading_number(std::string_view fields) {
  if (fields.empty()) return 0;
  if (fields[0] == '\x70' && fields.size() >= 5) return number(fields, 1);
  if ((fields[0] == '\x52' || fields[0] == '\x50') && fields.size() >= 2) return static_cast<uint8_t>(fields[1]);
  return 0;
}

}  // namespace nave::bench
