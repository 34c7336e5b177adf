#include <array>
#include <memory>
#include <span>

#include "base/limits.h"
#include "front/mqtt/connection.h"
#include "front/mqtt/filters.h"

namespace nave::front::mqtt {

// All filters or none: the SDKs do not look at a refusing SUBACK code, so a close is the only "no" they notice
// (reference/device-mqtt-https.md §2.12).
void Connection::on_subscribe(const wire::mqtt::Subscribe& request) {
  std::array<wire::mqtt::Qos, limits::kMqttFiltersPerPacketMax> granted{};
  size_t count = 0;
  wire::mqtt::FilterList filters = request.filters;
  for (wire::mqtt::FilterRequest wanted; filters.next(wanted);) {
    const auto filter = parse_filter(wanted.filter, origin_.identity);
    if (!filter) return close(CloseCause::kFilter);
    granted[count++] = subscribe(session_.subscriptions(), *filter, wanted.qos);
  }
  if (subscription_count(session_.subscriptions()) > limits::kMqttSubscriptionsMax) {
    return close(CloseCause::kTooManySubscriptions);
  }
  std::string& out = scratch().out;
  out.clear();
  wire::mqtt::append_suback(out, request.packet_id, std::span(granted).first(count));
  acknowledge_subscriptions(out);
  send_held_changes();
}

void Connection::on_unsubscribe(const wire::mqtt::Unsubscribe& request) {
  wire::mqtt::FilterList filters = request.filters;
  for (wire::mqtt::FilterRequest unwanted; filters.next(unwanted);) {
    const auto filter = parse_filter(unwanted.filter, origin_.identity);
    // What was never subscribed to is acknowledged like the rest, as MQTT demands.
    if (filter) unsubscribe(session_.subscriptions(), *filter);
  }
  std::string& out = scratch().out;
  out.clear();
  wire::mqtt::append_unsuback(out, request.packet_id);
  acknowledge_subscriptions(out);
}

void Connection::acknowledge_subscriptions(ByteView packet) {
  if (session_.may_acknowledge(packet)) {
    transport_->send(packet);
  } else {
    save_session();
  }
  update_deliveries();
}

void Connection::save_session() {
  if (!session_.wants_save()) return;
  store_session(session_.begin_save());
}

void Connection::store_session(std::optional<hub::MqttSession> session) {
  services().store.save_mqtt_session(origin_.identity, session, shard_.executor,
                                     [link = link_](const Result<void, hub::StoreError>& saved) {
                                       // The connection may be gone by now; the link knows.
                                       if (link->session == nullptr) return;
                                       static_cast<Connection*>(link->session)->on_session_stored(saved.has_value());
                                     });
}

void Connection::on_session_stored(bool ok) {
  if (phase_ == Phase::kOpening) {
    if (!ok) return refuse(wire::mqtt::ConnectCode::kServerUnavailable, origin_.identity.text(), "the store failed");
    accept(false);
    return decode_packets();
  }
  if (!ok) return close(CloseCause::kStorage);
  transport_->send(session_.end_save());
  update_deliveries();
  save_session();
  update_reading();
}

}  // namespace nave::front::mqtt
