// The client's side of one AMQP connection: test::BasicAmqpClient over a simulated socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/function.h"
#include "sim/stage.h"
#include "unit/front/amqp/amqp_client.h"

namespace nave::sim {

class AmqpLink final : public Peer {
 public:
  // `on_frames` is called whenever something came.
  AmqpLink(Stage& stage, UniqueFunction<void()> on_frames)
      : on_frames_(std::move(on_frames)), socket_(stage.network.connect(Network::Port::kAmqp, *this)), client(*this) {}
  ~AmqpLink() override {
    if (!gone_) socket_->peer_close();
  }

  // --- for the client.
  void deliver(ByteView bytes) { socket_->peer_send(bytes); }
  [[nodiscard]] std::string take_sent() { return std::exchange(in_, {}); }

  // What a device begins with: a session, and a token for what follows. Handles 0 and 1 are taken then.
  void connect_as(const std::string& token) {
    client.connect();
    client.attach(0, test::AmqpClient::sender(0, "cbs-tx", "$cbs"));
    client.attach(0, test::AmqpClient::receiver(1, "cbs-rx", "$cbs"));
    client.credit(0, 1, 100);
    client.transfer(
        0, 0,
        test::amqp_request(wire::amqp::Value::of_string("put"), "",
                           {{"operation", "put-token"}, {"type", "servicebus.windows.net:sastoken"}, {"name", "x"}},
                           wire::amqp::Value::of_string(token)));
  }
  // Was the token taken? nullopt: no answer yet.
  [[nodiscard]] std::optional<bool> token_reply() {
    const auto reply = client.take_message();
    if (!reply) return std::nullopt;
    const auto status = wire::amqp::find_entry(reply->view().application_properties(), "status-code").as_int64();
    return status.value_or(0) / 100 == 2;
  }
  void vanish() {
    socket_->peer_vanish();
    gone_ = true;
  }
  void stall(bool stalled) { socket_->peer_stall(stalled); }
  [[nodiscard]] bool is_gone() const { return gone_; }
  [[nodiscard]] bool is_served() const { return !gone_ && socket_->is_served(); }

 private:
  void on_data(ByteView bytes) override {
    in_.append(bytes);
    on_frames_();
  }
  void on_disconnected() override { gone_ = true; }

  UniqueFunction<void()> on_frames_;
  std::shared_ptr<Socket> socket_;
  std::string in_;
  bool gone_ = false;

 public:
  test::BasicAmqpClient<AmqpLink> client;
};

}  // namespace nave::sim
