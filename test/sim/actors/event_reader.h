// A back end that follows every partition of the Event-Hubs-compatible endpoint, and goes on where it was after every
// loss: it must see each event once, in order, without gaps.
#pragma once

#include <memory>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/actors/amqp_link.h"

namespace nave::sim {

class EventReader final : public Actor {
 public:
  EventReader(Stage& stage, uint16_t partitions) : Actor(stage), next_(partitions, 0), credit_(partitions, 0) {}

  [[nodiscard]] std::string waits_for() const override;

 private:
  void act() override;
  void close_all() override { link_.reset(); }
  void connect();
  void attach_all();
  void on_frames();
  void on_event(const test::AmqpMessage& message);
  void give_credit(uint16_t partition);

  std::unique_ptr<AmqpLink> link_;
  bool attached_ = false;
  bool refused_ = false;
  std::vector<int64_t> next_;  // by partition: the offset that comes next
  std::vector<uint32_t> credit_;
  std::vector<uint32_t> deliveries_;
};

}  // namespace nave::sim
