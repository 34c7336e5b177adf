// Direct methods over AMQP: answered at once, late, twice or never.
#pragma once

#include "sim/actors/amqp_part.h"

namespace nave::sim {

class AmqpMethods final : public AmqpPart {
 public:
  using AmqpPart::AmqpPart;

  void attach() override;
  void act() override {}
  bool on_message(const test::AmqpMessage& message) override;
  void on_lost() override {}

 private:
  AmqpCredit credit_{2};
};

}  // namespace nave::sim
