#include <charconv>
#include <memory>
#include <string>

#include "base/limits.h"
#include "front/mqtt/connection.h"
#include "front/mqtt/filters.h"

namespace nave::front::mqtt {

using hub::MethodDelivery;

// Always with QoS 0, and with nothing behind the request id: C# and C take all that follows "?$rid=" for it
// (reference/device-mqtt-https.md §2.14, §6.1).
MethodDelivery Connection::deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) {
  if (phase_ != Phase::kOpen || !takes_methods_) return MethodDelivery::kNotReady;
  if (transport_->unsent_bytes() + command.payload.size() > limits::kMethodUnsentBytesMax) {
    return MethodDelivery::kTooMany;
  }
  if (!methods_) methods_ = std::make_unique<hub::OpenMethods>();
  const auto number = methods_->add(reply, command.deadline_ms, shard_.timers.now_ms());
  if (!number) return MethodDelivery::kTooMany;

  const std::string topic = "$iothub/methods/POST/" + command.name + "/?$rid=" + std::to_string(*number);
  wire::mqtt::Publish publish;
  publish.topic = topic;
  publish.payload = command.payload;
  std::string& out = scratch().out;
  out.clear();
  // Names and payloads have been checked, so it always fits.
  if (wire::mqtt::append_publish(out, publish)) transport_->send(out);
  return MethodDelivery::kDelivered;
}

// Late, repeated and invented answers are acknowledged like the others and change nothing (§6.4).
void Connection::on_method_response(const MethodResponseTopic& topic, const wire::mqtt::Publish& publish) {
  note_activity();
  if (publish.qos == wire::mqtt::Qos::kAtLeastOnce) {
    puback_queue_.add_request(publish.packet_id, inflight_publishes_);
    puback_queue_.request_done(publish.packet_id, pubacks_);
    send_acknowledgements();
  }
  const std::string_view id = topic.request_id;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (!methods_ || error != std::errc{} || end != id.data() + id.size()) return;
  methods_->answer(number, topic.status, publish.payload);
}

// Methods are sent from the moment on that the client has its SUBACK.
void Connection::update_methods() {
  if (!subscribed_qos(session_.subscriptions(), Filter::kMethods)) {
    takes_methods_ = false;
  } else if (!takes_methods_ && session_.waiting_bytes() == 0) {
    takes_methods_ = true;
    services().methods.on_ready(origin_.identity);
  }
}

}  // namespace nave::front::mqtt
