#include "hub/telemetry/ingest.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace nave::hub {
namespace {

constexpr std::string_view kTelemetrySource = "Telemetry";

std::string_view text(AuthScope scope) {
  switch (scope) {
    case AuthScope::kDevice:
      return "device";
    case AuthScope::kModule:
      return "module";
    case AuthScope::kHub:
      break;
  }
  return "hub";
}

uint32_t slot_of(uint64_t id) {
  return static_cast<uint32_t>(id);
}

}  // namespace

std::string auth_method_json(AuthScope scope, std::string_view type) {
  std::string out = R"({"scope":")";
  out += text(scope);
  out += R"(","type":")";
  out += type;
  out += R"(","issuer":"iothub","acceptingIpFilterRule":null})";
  return out;
}

Ingest::Ingest(EventLog& log, const HubInfo& hub, const ShardContext& shard, Metrics& metrics)
    : log_(log),
      hub_(hub),
      shard_(shard),
      attempts_(metrics.counter("d2c_telemetry_ingress_allProtocol", "Device-to-cloud messages that devices sent")),
      successes_(metrics.counter("d2c_telemetry_ingress_success", "Device-to-cloud messages on stable storage")),
      throttled_(metrics.counter("d2c_telemetry_ingress_sendThrottle",
                                 "Device-to-cloud messages refused because too much was waiting for the disk")) {
  NAVE_CHECK(hub.partition_count == log.partition_count(), "the hub and its log agree on the number of partitions");
}

uint64_t Ingest::attach(TelemetrySink& sink) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  slots_[index].sink = &sink;
  return uint64_t{slots_[index].generation} << 32 | index;
}

void Ingest::detach(uint64_t sink) {
  Slot* slot = find(sink);
  if (slot == nullptr) return;
  slot->sink = nullptr;
  if (++slot->generation == 0) slot->generation = 1;
  free_.push_back(slot_of(sink));
}

Ingest::Slot* Ingest::find(uint64_t id) {
  const uint32_t index = slot_of(id);
  if (index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  return slot.sink != nullptr && slot.generation == id >> 32 ? &slot : nullptr;
}

HubResult<void> Ingest::submit(EventView& event, const TelemetryOrigin& origin, uint64_t sink, uint64_t detail) {
  attempts_.add();
  if (metered_size(event) > limits::kD2cMessageBytesMax) return fail(Error(ErrorCode::kMessageTooLarge));
  stamp(event, origin);
  scratch_.clear();
  encode_event(event, scratch_);
  if (!log_.append(origin.partition, scratch_, {sink, detail}, *this)) {
    throttled_.add();
    return fail(Error(ErrorCode::kThrottlingException));
  }
  return {};
}

void Ingest::stamp(EventView& event, const TelemetryOrigin& origin) const {
  const bool has_model = !origin.model_id.empty();
  std::erase_if(event.system, [has_model](const SystemPropertyValue& p) {
    return is_hub_stamp(p.name) || (has_model && p.name == SystemProperty::kModelId);
  });
  if (has_model) event.system.push_back({SystemProperty::kModelId, origin.model_id});
  event.system.push_back({SystemProperty::kConnectionDeviceId, origin.identity.device});
  if (origin.identity.is_module()) {
    event.system.push_back({SystemProperty::kConnectionModuleId, origin.identity.module});
  }
  event.system.push_back({SystemProperty::kAuthMethod, origin.auth_method});
  event.system.push_back({SystemProperty::kAuthGenerationId, origin.generation_id});
  event.system.push_back({SystemProperty::kMessageSource, kTelemetrySource});
}

PartitionId Ingest::partition_of_device(std::string_view device_id) const {
  return partition_of(device_id, hub_.partition_count);
}

void Ingest::on_appended(std::vector<AppendOutcome> outcomes) {
  shard_.executor.post([this, outcomes = std::move(outcomes)] { deliver(outcomes); });
}

void Ingest::deliver(const std::vector<AppendOutcome>& outcomes) {
  ++batch_;
  touched_.clear();
  successes_.add(static_cast<uint64_t>(std::ranges::count_if(outcomes, &AppendOutcome::ok)));
  for (const AppendOutcome& outcome : outcomes) deliver_one(outcome);
  // A sink may detach itself or others, or attach new ones, in any of these calls: look each one up again.
  for (const uint64_t id : touched_) {
    if (Slot* slot = find(id)) slot->sink->on_telemetry_batch_end();
  }
}

void Ingest::deliver_one(const AppendOutcome& outcome) {
  Slot* slot = find(outcome.ticket.owner);
  if (slot == nullptr) return;
  if (slot->batch != batch_) {
    slot->batch = batch_;
    touched_.push_back(outcome.ticket.owner);
  }
  slot->sink->on_telemetry_done(outcome.ticket.detail, outcome.ok);
}

}  // namespace nave::hub
