// The client's side of one MQTT connection: packets in both directions, and what the protocol promises about their
// order.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/stage.h"

namespace nave::sim {

class MqttLink final : public Peer {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_open(MqttLink& link) = 0;
    virtual void on_subscribed(MqttLink& link) = 0;
    virtual void on_message(MqttLink& link, std::string_view topic, std::string_view payload) = 0;
    // With QoS 1, and not acknowledged by the link.
    virtual void on_message(MqttLink& link, std::string_view topic, std::string_view payload, uint16_t packet_id) = 0;
    // A telemetry message was acknowledged.
    virtual void on_acknowledged() = 0;
  };
  // Connects and sends CONNECT.
  MqttLink(Stage& stage, Owner& owner, IdentityKey key, bool clean);
  ~MqttLink() override;

  // Bodies are those of the stage's ledger.
  void publish_telemetry(bool with_ack);
  void publish(const std::string& topic, const std::string& payload);
  void subscribe(const std::vector<std::pair<std::string, uint8_t>>& filters);
  void send(std::string_view packet) { socket_->peer_send(packet); }
  // DISCONNECT and a close, a close without a word, or neither.
  void disconnect();
  void close();
  void vanish();
  void stall(bool stalled) { socket_->peer_stall(stalled); }

  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] bool is_gone() const { return gone_; }
  [[nodiscard]] bool is_served() const { return open_ && socket_->is_served(); }
  // The same, for who asks when the link may be no more.
  [[nodiscard]] std::function<bool()> served() const {
    return [self = self_] { return *self != nullptr && (*self)->is_served(); };
  }
  // Of all connections, this one.
  [[nodiscard]] uint64_t number() const { return stream_; }
  [[nodiscard]] size_t unacknowledged() const { return sent_.size(); }

  // What the device knows of its desired properties on this connection (checks/twin_ledger.h says what must hold).
  struct Desired {
    int subscriptions = 0;  // that were acknowledged, of two
    bool asked = false;     // for changes
    bool read = false;      // the twin, at `version` or later
    uint64_t version = 0;
  };
  Desired desired;
  uint64_t c2d_order = 0;  // checks/c2d_ledger.h

 private:
  void on_data(ByteView bytes) override;
  void on_disconnected() override;
  void on_packet(uint8_t first, std::string_view body);
  void on_puback(uint16_t id);
  void on_publish(uint8_t first, std::string_view body);
  void leave();

  Stage& stage_;
  Owner& owner_;
  const IdentityKey key_;
  uint64_t stream_;
  std::shared_ptr<Socket> socket_;
  std::string in_;
  std::deque<std::pair<uint16_t, std::string>> sent_;  // QoS 1, by packet id
  uint16_t last_id_ = 0;
  bool open_ = false;
  bool gone_ = false;
  const std::shared_ptr<MqttLink*> self_ = std::make_shared<MqttLink*>(this);
};

}  // namespace nave::sim
