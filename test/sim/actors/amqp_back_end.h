// A service that sends to devices over AMQP, and receives what became of the messages.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/actors/amqp_credit.h"
#include "sim/actors/amqp_link.h"

namespace nave::sim {

class AmqpBackEnd final : public Actor {
 public:
  AmqpBackEnd(Stage& stage, std::vector<IdentityKey> keys) : Actor(stage), keys_(std::move(keys)) {}
  ~AmqpBackEnd() override { *self_ = nullptr; }

  [[nodiscard]] std::string waits_for() const override {
    return unsettled_.empty() ? "" : "dispositions for what was sent to devices";
  }

 private:
  void act() override;
  void close_all() override { end(); }
  void connect();
  void attach_all();
  void attach_feedback();
  void end();
  void on_frames();
  void on_frame(const test::AmqpFrame& frame);
  void on_disposition(const wire::amqp::Disposition& disposition);
  void on_feedback(const test::AmqpMessage& message);
  void settle_feedback(uint32_t delivery, const FeedbackLedger::Batch& batch);
  void send(const IdentityKey& to);

  const std::vector<IdentityKey> keys_;
  std::unique_ptr<AmqpLink> link_;
  bool attached_ = false;
  bool over_ = false;
  uint32_t feedback_handle_ = 0;  // 0: there is no link
  uint64_t feedback_links_ = 0;   // on all connections
  AmqpCredit credit_{30};
  std::map<uint32_t, std::string> unsettled_;               // bodies by delivery
  std::map<uint32_t, FeedbackLedger::Batch> second_steps_;  // that the hub is to confirm, perhaps after the link's end
  const std::shared_ptr<AmqpBackEnd*> self_ = std::make_shared<AmqpBackEnd*>(this);
};

}  // namespace nave::sim
