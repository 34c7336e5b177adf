// The two links of a device's twin channel (reference/amqp.md §5): requests come on one, answers and desired changes
// leave on the other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "front/amqp/device_link.h"
#include "front/amqp/twin_request.h"
#include "hub/twin/held_changes.h"
#include "hub/twin/service.h"

namespace nave::front::amqp {

inline constexpr uint32_t kTwinCredit = 1000;  // what the real hub gives

// Sends to the device. It decides what the device hears of desired changes: they are held from the device's GET until
// it subscribes, and while it gives no credit.
class TwinAnswerLink final : public DeviceLink {
 public:
  TwinAnswerLink(Connection& connection, std::shared_ptr<DeviceSession> session, wire::amqp::LinkId id,
                 hub::TwinService& twins)
      : DeviceLink(connection, std::move(session), id), twins_(twins) {}

  [[nodiscard]] LinkKind kind() const override { return LinkKind::kTwinReply; }
  // A message of encode_twin_reply().
  void answer(const std::string& message);
  // The device has read its twin: what it was to hear before is in there.
  void on_read();
  void subscribe();
  void unsubscribe();

  void on_sendable(wire::amqp::Link& link) override;
  void on_desired_changed(const hub::DesiredChange& change) override;

 private:
  enum class State : uint8_t { kIgnoring, kHolding, kSending };

  void send(const std::string& message);
  void send_held();
  void send_whole();

  hub::TwinService& twins_;
  State state_ = State::kIgnoring;
  std::unique_ptr<hub::HeldChanges> held_;  // null: none
  uint64_t tags_ = 0;
};

// Receives requests.
class TwinRequestLink final : public DeviceLink {
 public:
  TwinRequestLink(Connection& connection, std::shared_ptr<DeviceSession> session, wire::amqp::LinkId id,
                  hub::TwinService& twins)
      : DeviceLink(connection, std::move(session), id), twins_(twins) {}

  [[nodiscard]] LinkKind kind() const override { return LinkKind::kTwinRequest; }
  void on_delivery(wire::amqp::Link& link, const wire::amqp::Delivery& delivery) override;
  void on_detach() override;

 private:
  void get(TwinRequest request, size_t bytes);
  void patch(TwinRequest request, size_t bytes);
  void set_subscribed(const TwinRequest& request);
  // `reply(link, correlation id, result)` on the shard, unless the link has ended.
  template <class Reply>
  [[nodiscard]] auto when_done(wire::amqp::Value correlation_id, size_t bytes, Reply reply);
  void begin(wire::amqp::Link& link, size_t bytes);
  void end(size_t bytes);
  void answer(const wire::amqp::Value& correlation_id, int32_t status, std::optional<uint64_t> version,
              std::string_view body);
  void answer(const wire::amqp::Value& correlation_id, const hub::Error& error);
  // Null while the device has not attached its other link.
  [[nodiscard]] TwinAnswerLink* answers() const;

  hub::TwinService& twins_;
  size_t unanswered_ = 0;
  size_t unanswered_bytes_ = 0;
};

}  // namespace nave::front::amqp
