// The two links of a device's method channel (reference/amqp.md §6): requests leave on one, responses come on the
// other.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "front/amqp/device_link.h"
#include "front/amqp/method_message.h"
#include "hub/method/open_methods.h"
#include "hub/method/service.h"

namespace nave::front::amqp {

// Sends requests. The device takes methods from the first credit on that it gives; calls that find none later wait for
// it, until nobody waits for their answers any more. When the link ends, so do its calls.
class MethodRequestLink final : public DeviceLink {
 public:
  MethodRequestLink(Connection& connection, std::shared_ptr<DeviceSession> session, wire::amqp::LinkId id,
                    hub::MethodService& methods);

  [[nodiscard]] LinkKind kind() const override { return LinkKind::kMethodRequest; }
  // Late, repeated and invented responses change nothing.
  void answer(const MethodResponse& response);

  void on_sendable(wire::amqp::Link& link) override;
  void on_detach() override;
  [[nodiscard]] hub::MethodDelivery deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) override;

 private:
  struct Waiting {
    int64_t deadline_ms;
    std::string message;
  };

  [[nodiscard]] wire::amqp::Uuid id_of(uint64_t number) const;
  void send_waiting(wire::amqp::Link& link);

  hub::MethodService& methods_;
  const uint64_t mark_;  // the first half of its ids: what answers calls of another link answers none here
  bool ready_ = false;
  std::unique_ptr<hub::OpenMethods> open_;
  std::deque<Waiting> waiting_;  // oldest first
  size_t waiting_bytes_ = 0;
  uint64_t tags_ = 0;
};

// Receives responses.
class MethodResponseLink final : public DeviceLink {
 public:
  using DeviceLink::DeviceLink;

  [[nodiscard]] LinkKind kind() const override { return LinkKind::kMethodReply; }
  void on_delivery(wire::amqp::Link& link, const wire::amqp::Delivery& delivery) override;
};

}  // namespace nave::front::amqp
