// A small blocking MQTT 3.1.1 client for the command line: one device, over TLS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/client/tls_stream.h"

namespace nave::app {

struct MqttLogin {
  std::string client_id;
  std::string username;
  std::string password;
  uint16_t keep_alive_s = 60;
  bool clean_session = false;
};

// What next() saw.
struct MqttEvent {
  enum class Kind : uint8_t { kTimeout, kMessage, kAcknowledged, kClosed };
  Kind kind = Kind::kTimeout;
  std::string topic;       // of kMessage
  std::string payload;     // of kMessage
  uint16_t packet_id = 0;  // of kAcknowledged, and of kMessage when it wants acknowledge()
};

class MqttClient {
 public:
  // Connects and waits for the answer. Throws std::runtime_error with one clear line when the hub refuses.
  MqttClient(const ClientTarget& target, const MqttLogin& login);

  // Each waits for nothing; QoS 1 publishes and subscriptions come back as kAcknowledged with the number returned.
  uint16_t subscribe(std::string_view filter, uint8_t qos);
  uint16_t publish(std::string_view topic, std::string_view payload, uint8_t qos);
  void acknowledge(uint16_t packet_id);
  void disconnect();

  // Waits for at most `timeout_ms`. Pings as often as the keep-alive asks for.
  [[nodiscard]] MqttEvent next(int timeout_ms);

 private:
  struct Packet {
    uint8_t first = 0;
    std::string body;
  };

  void send(uint8_t first, std::string_view body);
  [[nodiscard]] uint16_t new_packet_id();
  // False: nothing whole yet.
  [[nodiscard]] bool take_packet(Packet& packet);
  // False on time-out and, with closed_ set, at the end.
  [[nodiscard]] bool read_packet(Packet& packet, int64_t until_ms);
  void ping_if_due();
  [[nodiscard]] static bool event_of(const Packet& packet, MqttEvent& event);

  TlsStream stream_;
  int64_t keep_alive_ms_;
  int64_t last_sent_ms_ = 0;
  std::string input_;
  uint16_t last_packet_id_ = 0;
  bool closed_ = false;
};

}  // namespace nave::app
