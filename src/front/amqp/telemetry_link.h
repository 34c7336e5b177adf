// One telemetry link: from deliveries to the event log, and from the log's word back to dispositions.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "front/amqp/device_link.h"
#include "front/amqp/telemetry_message.h"
#include "hub/telemetry/ingest.h"

namespace nave::front::amqp {

// What the telemetry links of one shard share; nothing in it survives a call.
struct TelemetryScratch {
  TelemetryMessageReader reader;
  hub::EventView event;
};

class TelemetryLink final : public DeviceLink, public hub::TelemetrySink {
 public:
  // `ingest` and `scratch` are those of the connection's shard and outlive it.
  TelemetryLink(Connection& connection, std::shared_ptr<DeviceSession> session, wire::amqp::LinkId id,
                hub::Ingest& ingest, TelemetryScratch& scratch);
  ~TelemetryLink() override;

  [[nodiscard]] LinkKind kind() const override { return LinkKind::kTelemetry; }
  void on_delivery(wire::amqp::Link& link, const wire::amqp::Delivery& delivery) override;
  void on_detach() override;

  void on_telemetry_done(uint64_t detail, bool ok) override;
  void on_telemetry_batch_end() override;

 private:
  // What became of a delivery at first: how many messages of it are on their way to the disk.
  struct Taken {
    uint32_t messages = 0;
    std::optional<hub::Error> error;
  };
  // A delivery on its way to the disk.
  struct Pending {
    Pending(uint32_t id, uint32_t size, uint32_t count, bool was_answered)
        : delivery(id), bytes(size), messages(count), messages_left(count), answered(was_answered) {}
    uint32_t delivery;
    uint32_t bytes;
    uint32_t messages;
    uint32_t messages_left;
    bool answered;  // rejected, or settled by the peer: nothing is owed
    bool failed = false;
  };

  [[nodiscard]] Taken submit_message(ByteView encoded);
  [[nodiscard]] Taken submit_batch(ByteView encoded);
  [[nodiscard]] hub::HubResult<void> check_batch(const wire::amqp::MessageView& batch);
  void reject(wire::amqp::Link& link, const wire::amqp::Delivery& delivery, const hub::Error& error);

  hub::Ingest& ingest_;
  TelemetryScratch& scratch_;
  uint64_t sink_;
  std::deque<Pending> pending_;  // in the order of submission, which is that of the outcomes
};

}  // namespace nave::front::amqp
