// A link on which a device or module gets its cloud-to-device messages (reference/amqp.md §4.2). It takes as many
// messages of the queue, locked, as the device gives credit for.
#pragma once

#include <memory>

#include "front/amqp/device_link.h"
#include "front/amqp/locked_deliveries.h"
#include "hub/c2d/service.h"

namespace nave::front::amqp {

class C2dLink final : public DeviceLink {
 public:
  C2dLink(Connection& connection, std::shared_ptr<DeviceSession> session, wire::amqp::LinkId id,
          hub::C2dService& messages)
      : DeviceLink(connection, std::move(session), id), messages_(messages) {}

  [[nodiscard]] LinkKind kind() const override { return LinkKind::kC2d; }
  void on_sendable(wire::amqp::Link& link) override;
  void on_outcome(wire::amqp::Link& link, const wire::amqp::SentOutcome& outcome) override;
  // What was not settled is there for the next link at once.
  void on_detach() override;
  void on_c2d_available() override;

 private:
  hub::C2dService& messages_;
  LockedDeliveries unsettled_;
};

}  // namespace nave::front::amqp
