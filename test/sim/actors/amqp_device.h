// A device that sends telemetry over AMQP, one by one and in batches.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/actors/amqp_link.h"

namespace nave::sim {

class AmqpDevice final : public Actor {
 public:
  AmqpDevice(Stage& stage, IdentityKey key) : Actor(stage), key_(std::move(key)) {}
  ~AmqpDevice() override { *self_ = nullptr; }

  [[nodiscard]] std::string waits_for() const override {
    return unsettled_.empty() ? "" : "dispositions for " + key_.text();
  }

 private:
  enum class State : uint8_t { kPuttingToken, kAttaching, kAttached };
  void act() override;
  void close_all() override { end(); }
  void connect();
  void end();
  void on_frames();
  void on_token_reply();
  void on_attach_reply();
  void on_dispositions();
  void send_messages();
  [[nodiscard]] bool is_live() const { return link_ && link_->is_served() && state_ == State::kAttached; }

  const IdentityKey key_;
  std::unique_ptr<AmqpLink> link_;
  State state_ = State::kPuttingToken;
  bool over_ = false;  // detached by the hub, or refused
  uint64_t stream_ = 0;
  uint64_t connections_ = 0;
  uint32_t credit_ = 0;
  std::map<uint32_t, std::vector<std::string>> unsettled_;  // bodies by delivery
  const std::shared_ptr<AmqpDevice*> self_ = std::make_shared<AmqpDevice*>(this);
};

}  // namespace nave::sim
