#include "bench/load/connection.h"

namespace nave::bench {

Connection::Connection(Loop& loop, const Options& options, unsigned number, ConnectionEvents& events)
    : Stream(loop, options, options.port, number),
      options_(options),
      events_(events),
      connect_bytes_(connect_packet(options, number)) {
  if (options.websocket) connect_bytes_ = masked_frame(connect_bytes_);
}

void Connection::on_secure() {
  phase_ = options_.websocket ? Phase::kUpgrading : Phase::kWaitingForConnack;
  queue(options_.websocket ? upgrade_request(options_.host) : connect_bytes_);
}

void Connection::on_bytes(std::string& in) {
  if (phase_ == Phase::kUpgrading && !take_upgrade(in)) return;
  // CONNACK is the only packet that is waited for over WebSocket, and comes in a frame of its own with two bytes of
  // head.
  if (options_.websocket && phase_ == Phase::kWaitingForConnack && in.size() >= 2) in.erase(0, 2);
  size_t at = 0;
  for (;;) {
    const std::string_view rest = std::string_view(in).substr(at);
    size_t body_at = 0;
    const size_t length = whole_packet(rest, body_at);
    if (length == 0) break;
    at += length;
    take_packet(rest.substr(0, length), body_at);
  }
  in.erase(0, at);
}

bool Connection::take_upgrade(std::string& in) {
  const size_t end = in.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  if (in.compare(0, 12, "HTTP/1.1 101") != 0) lose("upgrade refused");
  in.erase(0, end + 4);
  phase_ = Phase::kWaitingForConnack;
  queue(connect_bytes_);
  return true;
}

void Connection::take_packet(std::string_view packet, size_t body_at) {
  switch (packet_type(packet)) {
    case PacketType::kConnack:
      if (packet[body_at + 1] != 0) lose("CONNECT refused");
      if (options_.subscription.empty()) return run();
      phase_ = Phase::kWaitingForSuback;
      return queue(subscribe_packet(numbered(options_.subscription, number())));
    case PacketType::kSuback:
      if (packet.back() == '\x80') lose("SUBSCRIBE refused");
      return run();
    case PacketType::kPuback:
      return events_.on_puback(*this, packet_number(packet, body_at));
    case PacketType::kPublish:
      return events_.on_publish(*this, read_publish(packet, body_at));
  }
}

void Connection::run() {
  phase_ = Phase::kRunning;
  events_.on_running(*this);
}

}  // namespace nave::bench
