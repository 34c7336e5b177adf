#include "bench/load/packets.h"

#include <ctime>

#include "auth/sas_token.h"

namespace nave::bench {
namespace {

void append_text(std::string& out, std::string_view text) {
  out.push_back(static_cast<char>(text.size() >> 8));
  out.push_back(static_cast<char>(text.size() & 0xff));
  out.append(text);
}

std::string with_header(uint8_t first, const std::string& body) {
  std::string out(1, static_cast<char>(first));
  size_t rest = body.size();
  do {
    uint8_t digit = rest & 0x7f;
    rest >>= 7;
    if (rest != 0) digit |= 0x80;
    out.push_back(static_cast<char>(digit));
  } while (rest != 0);
  return out + body;
}

}  // namespace

std::string connect_packet(const Options& o, unsigned number) {
  const std::string client_id = numbered(o.client_id, number);
  std::string user = numbered(o.user, number);
  std::string password = numbered(o.password, number);
  if (!o.hub.empty()) {
    user = o.hub + "/" + client_id + "/?api-version=2021-04-12";
    password = auth::make_sas(o.hub + "/devices/" + client_id, o.sas_key, std::time(nullptr) + 86400, "");
  }
  std::string body;
  append_text(body, "MQTT");
  body.push_back(4);
  body.push_back(static_cast<char>(0x02 | (user.empty() ? 0 : 0x80) | (password.empty() ? 0 : 0x40)));
  body.append("\x04\x00", 2);  // keep-alive of 1024 s: no pings during a run
  append_text(body, client_id);
  if (!user.empty()) append_text(body, user);
  if (!password.empty()) append_text(body, password);
  return with_header(0x10, body);
}

PublishTemplate publish_template(const Options& o, unsigned number) {
  const std::string topic = numbered(o.topic, number);
  std::string body;
  append_text(body, topic);
  body.append(2, '\0');
  body.append(o.payload_bytes, 'x');
  PublishTemplate made;
  made.bytes = with_header(0x32, body);
  made.id_at = made.bytes.size() - o.payload_bytes - 2;
  return made;
}

std::string disconnect_packet() {
  return {"\xe0\x00", 2};
}

std::string subscribe_packet(std::string_view filter) {
  std::string body("\x00\x01", 2);
  append_text(body, filter);
  body.push_back(1);
  return with_header(0x82, body);
}

std::string publish_packet(std::string_view topic, std::string_view payload) {
  std::string body;
  append_text(body, topic);
  body.append(payload);
  return with_header(0x30, body);
}

std::string puback_packet(uint16_t id) {
  return {'\x40', '\x02', static_cast<char>(id >> 8), static_cast<char>(id & 0xff)};
}

PacketType packet_type(std::string_view packet) {
  return static_cast<PacketType>(static_cast<uint8_t>(packet[0]) >> 4);
}

uint16_t packet_number(std::string_view packet, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(packet[at]) << 8 | static_cast<uint8_t>(packet[at + 1]));
}

Publish read_publish(std::string_view packet, size_t body_at) {
  Publish publish;
  publish.topic = packet.substr(body_at + 2, packet_number(packet, body_at));
  size_t at = body_at + 2 + publish.topic.size();
  if ((packet[0] & 0x06) != 0) {
    publish.id = packet_number(packet, at);
    at += 2;
  }
  publish.payload = packet.substr(at);
  return publish;
}

size_t whole_packet(std::string_view bytes, size_t& body_at) {
  size_t length = 0;
  for (size_t at = 1; at < 5; ++at) {
    if (at >= bytes.size()) return 0;
    const auto digit = static_cast<uint8_t>(bytes[at]);
    length |= static_cast<size_t>(digit & 0x7f) << (7 * (at - 1));
    if ((digit & 0x80) == 0) {
      body_at = at + 1;
      return bytes.size() < body_at + length ? 0 : body_at + length;
    }
  }
  return 0;
}

std::string upgrade_request(const std::string& host) {
  return "GET /$iothub/websocket HTTP/1.1\r\nHost: " + host +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: bG9hZCBnZW5lcmF0b3IhIQ==\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
}

std::string masked_frame(std::string_view payload) {
  std::string out("\x82", 1);
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    out.push_back(static_cast<char>(0x80 | 126));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size() & 0xff));
  }
  out.append(4, '\0');  // a mask of zeros leaves the payload as it is
  return out.append(payload);
}

}  // namespace nave::bench
