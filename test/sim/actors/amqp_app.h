// A device or module that uses everything but telemetry over AMQP, and loses connections. Nobody else is connected as
// this identity.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/actors/amqp_part.h"

namespace nave::sim {

class AmqpApp final : public Actor {
 public:
  AmqpApp(Stage& stage, const IdentityKey& key);
  ~AmqpApp() override { *self_ = nullptr; }

  [[nodiscard]] std::string waits_for() const override;
  void check() override;

 private:
  void act() override;
  void close_all() override { end(); }
  void connect();
  void end();
  void on_frames();
  void on_token_reply();
  void check_token();
  void on_frame(const test::AmqpFrame& frame);

  std::unique_ptr<AmqpLink> link_;
  bool attached_ = false;
  bool over_ = false;          // closed or refused by the hub
  int64_t token_ends_s_ = 0;   // by the calendar
  int64_t token_ends_us_ = 0;  // had the calendar gone on as it was
  AmqpPart::Device device_;
  std::vector<std::unique_ptr<AmqpPart>> parts_;
  const std::shared_ptr<AmqpApp*> self_ = std::make_shared<AmqpApp*>(this);
};

}  // namespace nave::sim
