// Cloud-to-device messages over AMQP: completed, rejected, abandoned or given back, in one step or in two, or never,
// and links that go.
#pragma once

#include <map>
#include <string>

#include "hub/c2d/outcome.h"
#include "sim/actors/amqp_part.h"

namespace nave::sim {

class AmqpC2d final : public AmqpPart {
 public:
  explicit AmqpC2d(Device& device) : AmqpPart(device) {}
  ~AmqpC2d() override { *self_ = nullptr; }

  void attach() override;
  void act() override;
  bool on_message(const test::AmqpMessage& message) override;
  void on_disposition(const wire::amqp::Disposition& disposition) override;
  void on_detach(uint32_t handle) override;
  void on_lost() override;

 private:
  struct Confirmation {
    std::string body;
    hub::C2dOutcome outcome;
  };
  void settle(uint32_t delivery, const std::string& body);
  [[nodiscard]] Hold hold() const;

  uint32_t handle_ = 0;  // 0: there is no link
  uint32_t links_ = 0;
  AmqpCredit credit_{30};
  uint64_t order_ = 0;                        // checks/c2d_ledger.h
  std::map<uint32_t, Confirmation> awaited_;  // the second step, by delivery; it may come after the link's end
  const std::shared_ptr<AmqpC2d*> self_ = std::make_shared<AmqpC2d*>(this);
};

}  // namespace nave::sim
