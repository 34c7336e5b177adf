// Links of back ends (reference/amqp.md §7): they send messages to devices, and receive what became of them.
#pragma once

#include <cstdint>
#include <optional>

#include "front/amqp/c2d_message.h"
#include "front/amqp/connection.h"
#include "front/amqp/link_handler.h"
#include "front/amqp/locked_deliveries.h"
#include "hub/c2d/service.h"

namespace nave::front::amqp {

// Do the grants allow what a back end does at "/messages/{entity}"?
[[nodiscard]] bool is_back_end(const Grants& grants, std::string_view entity);

// Receives messages for devices: accepted once they are on stable storage.
class C2dSendLink final : public LinkHandler {
 public:
  C2dSendLink(Connection& connection, wire::amqp::LinkId id, hub::C2dService& messages)
      : connection_(connection), id_(id), messages_(messages) {}

  [[nodiscard]] bool authorized(const Grants& grants) const override { return is_back_end(grants, "devicebound"); }
  void on_delivery(wire::amqp::Link& link, const wire::amqp::Delivery& delivery) override;
  void on_detach() override;

 private:
  void refuse(wire::amqp::Link& link, const wire::amqp::Delivery& delivery, const hub::Error& error);
  void end(size_t bytes);

  Connection& connection_;
  wire::amqp::LinkId id_;
  hub::C2dService& messages_;
  TelemetryMessageReader reader_;
  hub::EventView message_;
  size_t pending_ = 0;
  size_t pending_bytes_ = 0;
};

// Sends batches of feedback. All such links of the hub compete for them.
class FeedbackLink final : public LinkHandler {
 public:
  FeedbackLink(Connection& connection, wire::amqp::LinkId id, hub::FeedbackQueue& feedback)
      : connection_(connection), id_(id), feedback_(feedback) {}

  [[nodiscard]] bool authorized(const Grants& grants) const override { return is_back_end(grants, "servicebound"); }
  void on_sendable(wire::amqp::Link& link) override;
  void on_outcome(wire::amqp::Link& link, const wire::amqp::SentOutcome& outcome) override;
  void on_detach() override;

 private:
  void wait();

  Connection& connection_;
  wire::amqp::LinkId id_;
  hub::FeedbackQueue& feedback_;
  LockedDeliveries unsettled_;
  std::optional<uint64_t> waiting_;  // of FeedbackQueue::wait()
};

// Nothing uploads files, so there is nothing to tell; SDKs open the link all the same.
class FileNotificationLink final : public LinkHandler {
 public:
  [[nodiscard]] bool authorized(const Grants& grants) const override { return is_back_end(grants, "servicebound"); }
};

}  // namespace nave::front::amqp
