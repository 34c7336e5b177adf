// An MQTT client: WebSocket if asked, CONNECT, SUBSCRIBE if there is something to subscribe to, then whatever its mode
// sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/packets.h"
#include "bench/load/stream.h"

namespace nave::bench {

class Connection;

// What a mode does with its connections.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  // CONNACK, and SUBACK if there is a subscription.
  virtual void on_running(Connection& /*connection*/) {}
  virtual void on_puback(Connection& /*connection*/, uint16_t /*id*/) {}
  virtual void on_publish(Connection& /*connection*/, const Publish& /*publish*/) {}
};

class Connection : public Stream {
 public:
  Connection(Loop& loop, const Options& options, unsigned number, ConnectionEvents& events);

  [[nodiscard]] bool running() const override { return is_secure() && phase_ == Phase::kRunning; }

 private:
  enum class Phase : uint8_t { kUpgrading, kWaitingForConnack, kWaitingForSuback, kRunning };

  void on_secure() override;
  void on_bytes(std::string& in) override;
  bool take_upgrade(std::string& in);
  void take_packet(std::string_view packet, size_t body_at);
  void run();

  const Options& options_;
  ConnectionEvents& events_;
  Phase phase_ = Phase::kUpgrading;
  std::string connect_bytes_;
};

}  // namespace nave::bench
