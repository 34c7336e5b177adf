// Frames as client SDKs write them.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "wire/amqp/performatives.h"

namespace nave::wire::amqp::test {

inline const std::string kAmqpHeader("AMQP\x00\x01\x00\x00", 8);
inline const std::string kSaslHeader("AMQP\x03\x01\x00\x00", 8);

inline std::string frame(uint16_t channel, ByteView body, uint8_t type = 0) {
  std::string out;
  append_be(out, static_cast<uint32_t>(8 + body.size()));
  out.push_back('\x02');
  out.push_back(static_cast<char>(type));
  append_be(out, channel);
  return out + std::string(body);
}

template <class Performative>
std::string frame_of(const Performative& p, uint16_t channel = 0, ByteView payload = {}) {
  std::string body;
  encode(p, body);
  return frame(channel, body + std::string(payload));
}

inline std::string open_frame(uint32_t max_frame = 65536, std::optional<uint32_t> idle = std::nullopt) {
  Open open;
  open.container_id = "client";
  open.hostname = "hub.example.net";
  open.max_frame_size = max_frame;
  open.idle_timeout_ms = idle;
  return frame_of(open);
}

inline std::string begin_frame(uint16_t channel = 0, uint32_t incoming_window = 2048) {
  Begin begin;
  begin.next_outgoing_id = 0;
  begin.incoming_window = incoming_window;
  begin.outgoing_window = 2048;
  return frame_of(begin, channel);
}

inline Attach sender(std::string name, uint32_t handle, std::string address = "/a") {
  Attach attach;
  attach.name = std::move(name);
  attach.handle = handle;
  attach.role = Role::kSender;
  attach.source = Terminus{};
  attach.target = Terminus{};
  attach.target->address = Value::of_string(address);
  attach.initial_delivery_count = 0;
  return attach;
}

inline Attach receiver(std::string name, uint32_t handle, std::string address = "/a") {
  Attach attach;
  attach.name = std::move(name);
  attach.handle = handle;
  attach.role = Role::kReceiver;
  attach.source = Terminus{};
  attach.source->address = Value::of_string(address);
  attach.target = Terminus{};
  return attach;
}

inline Transfer transfer(uint32_t handle, std::optional<uint32_t> id, std::optional<bool> settled = std::nullopt,
                         bool more = false) {
  Transfer t;
  t.handle = handle;
  t.delivery_id = id;
  if (id) t.delivery_tag = "tag";
  if (id) t.message_format = 0;
  t.settled = settled;
  t.more = more;
  return t;
}

inline std::string aborted_frame(uint32_t handle, uint32_t id) {
  std::string body("\x00\x53\x14\xc0\x00\x0a", 6);
  body += "\x52";
  body.push_back(static_cast<char>(handle));
  body += "\x52";
  body.push_back(static_cast<char>(id));
  body += "\xa0\x01t\x43\x42\x42\x40\x40\x40\x41";
  body[4] = static_cast<char>(body.size() - 5);
  return frame(0, body);
}

inline Flow credit(uint32_t handle, uint32_t delivery_count, uint32_t n, bool drain = false, bool echo = false) {
  Flow flow;
  flow.next_incoming_id = 1;
  flow.incoming_window = 1'000'000;
  flow.outgoing_window = 2048;
  flow.handle = handle;
  flow.delivery_count = delivery_count;
  flow.link_credit = n;
  flow.drain = drain;
  flow.echo = echo;
  return flow;
}

inline Flow session_window(uint32_t next_incoming_id, uint32_t window) {
  Flow flow;
  flow.next_incoming_id = next_incoming_id;
  flow.incoming_window = window;
  flow.outgoing_window = 2048;
  return flow;
}

inline std::string disposition_frame(Role role, uint32_t first, std::optional<uint32_t> last, bool settled,
                                     const Outcome& state) {
  std::string body;
  encode_disposition(role, first, last, settled, state, body);
  return frame(0, body);
}

inline std::string end_frame(uint16_t channel = 0) {
  std::string body;
  encode_end(std::nullopt, body);
  return frame(channel, body);
}

inline std::string close_frame() {
  std::string body;
  encode_close(std::nullopt, body);
  return frame(0, body);
}

inline std::string sasl_init(std::string_view mechanism, std::optional<std::string_view> response) {
  std::string body("\x00\x53\x41\xc0\x00\x02\xa3", 7);
  body.push_back(static_cast<char>(mechanism.size()));
  body += mechanism;
  if (response) {
    body += "\xa0";
    body.push_back(static_cast<char>(response->size()));
    body += *response;
  } else {
    body += "\x40";
  }
  body[4] = static_cast<char>(body.size() - 5);
  return frame(0, body, 1);
}

}  // namespace nave::wire::amqp::test
