// What a receiver lets the hub send on a link: a little at a time.
#pragma once

#include <cstdint>

#include "sim/actors/amqp_link.h"
#include "sim/rng.h"

namespace nave::sim {

class AmqpCredit {
 public:
  // Never more than `most` at a time.
  explicit AmqpCredit(uint32_t most) : most_(most) {}
  void begin(AmqpLink& link, uint32_t handle, Rng& rng) {
    taken_ = 0;
    give(link, handle, rng);
  }
  // A message came.
  void take(AmqpLink& link, uint32_t handle, Rng& rng) {
    ++taken_;
    if (--left_ == 0) give(link, handle, rng);
  }

 private:
  void give(AmqpLink& link, uint32_t handle, Rng& rng) {
    left_ = static_cast<uint32_t>(rng.between(1, most_));
    link.client.credit(0, handle, left_, taken_);
  }

  const uint32_t most_;
  uint32_t left_ = 0;
  uint32_t taken_ = 0;
};

}  // namespace nave::sim
