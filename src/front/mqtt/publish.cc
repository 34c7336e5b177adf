#include <utility>
#include <variant>

#include "base/limits.h"
#include "front/mqtt/connection.h"

namespace nave::front::mqtt {
namespace {

// The last activity of an identity is kept by the second.
constexpr int64_t kActivityResolutionMs = 1000;
// A buffer for this many PUBACKs stays with a connection; a burst's larger one is given back.
constexpr size_t kPubackBytesKept = 256;

// What is remembered of a publish until it is on disk; travels through the log as the `detail` of its ticket.
struct Pending {
  uint16_t packet_id = 0;  // 0: QoS 0, no PUBACK is owed
  uint32_t bytes = 0;

  [[nodiscard]] uint64_t pack() const { return uint64_t{bytes} << 16 | packet_id; }
  [[nodiscard]] static Pending unpack(uint64_t detail) {
    return {static_cast<uint16_t>(detail), static_cast<uint32_t>(detail >> 16)};
  }
};

}  // namespace

void Connection::on_publish(const wire::mqtt::Publish& publish) {
  if (publish.qos == wire::mqtt::Qos::kExactlyOnce) return close(CloseCause::kQos2);
  const PublishTopic topic = parse_publish_topic(publish.topic, origin_.identity);
  if (const auto* const telemetry = std::get_if<TelemetryTopic>(&topic)) return on_telemetry(*telemetry, publish);
  if (const auto* const get = std::get_if<TwinGetTopic>(&topic)) return on_twin_get(*get, publish);
  if (const auto* const patch = std::get_if<TwinPatchTopic>(&topic)) return on_twin_patch(*patch, publish);
  if (const auto* const other = std::get_if<UnknownTwinTopic>(&topic)) return on_unknown_twin_request(*other, publish);
  if (const auto* const method = std::get_if<MethodResponseTopic>(&topic)) return on_method_response(*method, publish);
  close(CloseCause::kTopic);
}

void Connection::on_telemetry(const TelemetryTopic& topic, const wire::mqtt::Publish& publish) {
  Scratch& s = scratch();
  s.bag.decode(topic.bag, s.event);
  s.event.body = publish.payload;
  if (publish.retain) set_application_property(s.event, kRetainProperty, "true");

  if (const auto refused = injected_refusal()) {
    return close(*refused == hub::ErrorCode::kIotHubQuotaExceeded ? CloseCause::kQuota : CloseCause::kThrottled);
  }
  const Pending pending{publish.packet_id, static_cast<uint32_t>(publish.topic.size() + publish.payload.size())};
  const auto taken = ingest().submit(s.event, origin_, sink_, pending.pack());
  if (!taken) {
    const bool too_large = taken.error().code == hub::ErrorCode::kMessageTooLarge;
    return close(too_large ? CloseCause::kMessageTooLarge : CloseCause::kThrottled);
  }
  ++inflight_publishes_;
  inflight_bytes_ += pending.bytes;
  puback_queue_.add_telemetry(pending.packet_id);
  note_activity();
  look_for_fault_request(s.event);
}

void Connection::note_activity() {
  const int64_t now = shard_.timers.now_ms();
  if (now - last_noted_ms_ < kActivityResolutionMs) return;
  last_noted_ms_ = now;
  services().directory.touch(origin_.identity);
}

// Outcomes come in the order of the publishes, and so must the PUBACKs go out (reference/device-mqtt-https.md §2.14).
void Connection::on_telemetry_done(uint64_t detail, bool ok) {
  const Pending pending = Pending::unpack(detail);
  --inflight_publishes_;
  inflight_bytes_ -= pending.bytes;
  if (!ok) return close(CloseCause::kStorage);
  puback_queue_.telemetry_done(pending.packet_id, pubacks_);
}

void Connection::on_telemetry_batch_end() {
  send_acknowledgements();
  update_reading();
}

void Connection::send_acknowledgements() {
  if (pubacks_.empty()) return;
  transport_->send(pubacks_);
  if (pubacks_.capacity() > kPubackBytesKept) {
    std::string().swap(pubacks_);
  } else {
    pubacks_.clear();
  }
}

// Reading stops while too much of what this client sent is still on its way, in either direction, and goes on below.
void Connection::update_reading() {
  // Acknowledgements of subscriptions are small; a client that has this much of them waiting is not in earnest.
  constexpr size_t kWaitingAcknowledgementBytesMax = 4096;
  const bool pause = phase_ == Phase::kOpening || inflight_publishes_ >= limits::kMqttInflightPublishesMax ||
                     inflight_bytes_ >= limits::kMqttInflightBytesMax ||
                     twin_requests_ >= limits::kMqttInflightTwinRequestsMax ||
                     session_.waiting_bytes() >= kWaitingAcknowledgementBytesMax ||
                     transport_->unsent_bytes() > limits::kUnsentBytesHigh;
  if (phase_ == Phase::kClosed || pause == reading_paused_) return;
  reading_paused_ = pause;
  if (pause) {
    transport_->pause_reading();
  } else {
    last_packet_ms_ = shard_.timers.now_ms();
    transport_->resume_reading();
  }
}

}  // namespace nave::front::mqtt
