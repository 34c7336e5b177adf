// Cloud-to-device messages (reference/device-mqtt-https.md §4). Modules have none over MQTT, though Java subscribes.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "front/mqtt/c2d_topic.h"
#include "front/mqtt/connection.h"
#include "front/mqtt/filters.h"

namespace nave::front::mqtt {

using hub::C2dOutcome;
using wire::mqtt::Qos;

// Sends what waits, oldest first, as far as window and transport allow. Called whenever one of them, the subscription
// or the queue may have changed. Messages go to who has its SUBACK, or has kept the subscription from an earlier
// connection: then right behind the CONNACK, without waiting for the SUBSCRIBE that all SDKs send anyway (§2.8).
void Connection::send_c2d() {
  if (phase_ != Phase::kOpen || session_.waiting_bytes() > 0) return;
  const auto qos = subscribed_qos(session_.subscriptions(), Filter::kDeviceC2d);
  if (!qos) return;
  const int64_t now = shard_.timers.now_ms();
  if (c2d_) c2d_->window.drop_ended(now);
  while (phase_ == Phase::kOpen && transport_->unsent_bytes() <= limits::kUnsentBytesHigh) {
    if (c2d_ && c2d_->window.full()) return wait_for_lock_end(now);
    auto message = services().c2d.receive({origin_.identity, origin_.generation_id});
    if (!message) return;
    send_c2d_message(*message, *qos);
  }
}

void Connection::send_c2d_message(const hub::C2dDelivery& message, Qos qos) {
  Scratch& s = scratch();
  std::string topic;
  if (!hub::decode_event(message.record, s.event)) return;  // the store has checked it: a lock runs out in vain
  append_c2d_topic(topic, origin_.identity, s.event);
  wire::mqtt::Publish publish;
  publish.topic = topic;
  publish.payload = s.event.body;
  publish.qos = qos;
  if (qos == Qos::kAtLeastOnce) {
    publish.packet_id = next_packet_id();
    publish.duplicate = message.delivery_count > 0;  // somebody has had it before and gave it back
  }
  s.out.clear();
  if (!wire::mqtt::append_publish(s.out, publish)) {
    // Only properties of tens of kilobytes, percent-encoded, do not fit into a topic.
    log::write_limited(log::Level::kWarning, log::Category::kC2DCommands, "mqtt.c2d.topic",
                       "a cloud-to-device message was rejected: its properties do not fit into an MQTT topic",
                       {{"deviceId", origin_.identity.text()}});
    return settle_c2d(message.lock, C2dOutcome::kReject);
  }
  transport_->send(s.out);
  // With QoS 0 nobody will say that it has arrived.
  if (qos == Qos::kAtMostOnce) return settle_c2d(message.lock, C2dOutcome::kComplete);
  if (!c2d_) c2d_ = std::make_unique<C2dState>(*this);
  c2d_->window.add(publish.packet_id, message.lock, shard_.timers.now_ms() + hub::C2dService::kLockMs);
}

// An id that means nothing, or nothing any more, is harmless: of a notification, of an earlier connection, or of a
// message whose lock had run out, which has been sent again under another id by now.
void Connection::on_puback(const wire::mqtt::Puback& puback) {
  note_activity();
  if (!c2d_) return;
  const auto lock = c2d_->window.take(puback.packet_id);
  if (!lock) return;
  settle_c2d(*lock, C2dOutcome::kComplete);
  send_c2d();
}

// Nobody waits for the outcome: what could not be completed is sent again when its lock has run out.
void Connection::settle_c2d(const hub::LockToken& lock, C2dOutcome outcome) {
  services().c2d.settle(origin_.identity, lock, outcome, shard_.executor,
                        [identity = origin_.identity.text()](const hub::HubResult<void>& settled) {
                          if (settled) return;
                          log::write_limited(log::Level::kInfo, log::Category::kC2DCommands, "mqtt.c2d.settle",
                                             "a cloud-to-device message could not be settled",
                                             {{"deviceId", identity}, {"reason", settled.error().message}});
                        });
}

// The hub wakes sessions when a lock has run out, but not for one of a message that was purged or has expired since.
void Connection::wait_for_lock_end(int64_t now) {
  const auto end = c2d_->window.next_end_ms();
  if (end) shard_.timers.arm(c2d_->retry, std::max<int64_t>(*end - now, 0));
}

void Connection::release_c2d() {
  if (!c2d_) return;
  const std::unique_ptr<C2dState> state = std::move(c2d_);
  const auto locks = state->window.locks();
  if (!locks.empty()) services().c2d.release(origin_.identity, locks);
}

// Ids that the client has not acknowledged are not given out again.
uint16_t Connection::next_packet_id() {
  last_packet_id_ = c2d_ ? c2d_->window.free_id_after(last_packet_id_) : packet_id_after(last_packet_id_);
  return last_packet_id_;
}

}  // namespace nave::front::mqtt
