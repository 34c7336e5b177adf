// Takes telemetry from every front and puts it into the event log; says when it is safe there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/shard_context.h"
#include "hub/errors.h"
#include "hub/hub_info.h"
#include "hub/ports.h"
#include "hub/telemetry/event.h"

namespace nave::hub {

// The sender, fixed for the life of a connection (of a link, over AMQP): everything the hub stamps on each message.
struct TelemetryOrigin {
  IdentityKey identity;
  std::string generation_id;
  std::string auth_method;  // JSON text, see auth_method_json()
  std::string model_id;     // empty: none
  PartitionId partition;    // partition_of(device id)
};

enum class AuthScope : uint8_t { kDevice, kModule, kHub };
// {"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}, keys in this order, no spaces
// (reference/device-mqtt-https.md §3.6).
[[nodiscard]] std::string auth_method_json(AuthScope scope, std::string_view type);

// The partition that a device writes to (reference/amqp.md §9.7). `count` ≥ 1.
[[nodiscard]] PartitionId partition_of(std::string_view device_id, uint16_t count);

// Told, on its shard, what became of each message it submitted, in submission order.
class TelemetrySink {
 public:
  virtual ~TelemetrySink() = default;
  // `ok`: on stable storage. Otherwise the log has failed and nothing of the message is kept.
  virtual void on_telemetry_done(uint64_t detail, bool ok) = 0;
  // After the last on_telemetry_done() of one commit for this shard: a good moment to flush coalesced acknowledgements.
  virtual void on_telemetry_batch_end() {}
};

// One per shard; everything on the shard's thread except on_appended().
class Ingest final : public AppendListener {
 public:
  Ingest(EventLog& log, const HubInfo& hub, const ShardContext& shard, Metrics& metrics);

  // A sink registers once and gets an id for submit(), never 0; after detach() it hears nothing more.
  [[nodiscard]] uint64_t attach(TelemetrySink& sink);
  void detach(uint64_t sink);

  // Checks limits, stamps the connection properties (overriding what the device sent under those names), and appends.
  // An error means nothing was taken and no on_telemetry_done() follows: MessageTooLarge, or ThrottlingException when
  // the log has too much pending.
  [[nodiscard]] HubResult<void> submit(EventView& event, const TelemetryOrigin& origin, uint64_t sink, uint64_t detail);

  // Sinks that were attached and not detached.
  [[nodiscard]] size_t attached() const { return slots_.size() - free_.size(); }

  [[nodiscard]] PartitionId partition_of_device(std::string_view device_id) const;

  void on_appended(std::vector<AppendOutcome> outcomes) override;

 private:
  struct Slot {
    TelemetrySink* sink = nullptr;
    uint32_t generation = 1;  // moves on at detach(), so that late outcomes do not reach the slot's next owner
    uint32_t batch = 0;       // the last delivery that touched it
  };
  void deliver(const std::vector<AppendOutcome>& outcomes);
  void deliver_one(const AppendOutcome& outcome);
  void stamp(EventView& event, const TelemetryOrigin& origin) const;
  [[nodiscard]] Slot* find(uint64_t id);

  EventLog& log_;
  const HubInfo& hub_;
  const ShardContext& shard_;
  Counter& attempts_;
  Counter& successes_;
  Counter& throttled_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::vector<uint64_t> touched_;  // sinks that the delivery in progress has called
  uint32_t batch_ = 0;
  std::string scratch_;
};

}  // namespace nave::hub
