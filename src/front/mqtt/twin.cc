#include <utility>

#include "base/log.h"
#include "front/mqtt/connection.h"
#include "front/mqtt/filters.h"
#include "hub/error_text.h"

namespace nave::front::mqtt {

using hub::HubResult;
using wire::mqtt::Qos;

// `reply(connection, result)` unless the connection is gone by the time of the answer.
template <class Reply>
auto Connection::if_alive(Reply reply) {
  return [link = link_, reply = std::move(reply)](auto result) mutable {
    if (link->session != nullptr) reply(*static_cast<Connection*>(link->session), result);
  };
}

void Connection::begin_twin_request(const wire::mqtt::Publish& publish) {
  ++twin_requests_;
  if (publish.qos == Qos::kAtLeastOnce) puback_queue_.add_request(publish.packet_id, inflight_publishes_);
  note_activity();
}

// The PUBACK says what the response says, so it does not come earlier.
void Connection::end_twin_request(uint16_t packet_id) {
  --twin_requests_;
  if (packet_id != 0) puback_queue_.request_done(packet_id, pubacks_);
  send_acknowledgements();
}

bool Connection::refuse_twin_request(std::string_view request_id, uint16_t packet_id) {
  const auto refused = injected_refusal();
  if (!refused) return false;
  end_twin_request(packet_id);
  send_twin_error(request_id, *refused);
  return true;
}

void Connection::on_twin_get(const TwinGetTopic& topic, const wire::mqtt::Publish& publish) {
  begin_twin_request(publish);
  if (refuse_twin_request(topic.request_id, publish.packet_id)) return;
  services().twins.get(twin_caller(), shard_.executor,
                       if_alive([id = publish.packet_id, rid = std::string(topic.request_id)](
                                    Connection& self, const HubResult<hub::TwinDocument>& document) {
                         self.end_twin_request(id);
                         self.on_twin_read(rid, document);
                         self.update_reading();
                       }));
}

void Connection::on_twin_read(const std::string& request_id, const HubResult<hub::TwinDocument>& document) {
  if (!document) return send_twin_error(request_id, document.error());
  send_twin_response(200, request_id, {}, document->body);
  held_.reset();
  if (!subscribed_qos(session_.subscriptions(), Filter::kDesiredProperties))
    held_ = std::make_unique<hub::HeldChanges>();
}

void Connection::on_twin_patch(const TwinPatchTopic& topic, const wire::mqtt::Publish& publish) {
  begin_twin_request(publish);
  if (refuse_twin_request(topic.request_id, publish.packet_id)) return;
  services().twins.patch_reported(twin_caller(), publish.payload, topic.base_version, shard_.executor,
                                  if_alive([id = publish.packet_id, rid = std::string(topic.request_id)](
                                               Connection& self, const HubResult<uint64_t>& version) {
                                    self.end_twin_request(id);
                                    self.on_twin_patched(rid, version);
                                    self.update_reading();
                                  }));
}

void Connection::on_twin_patched(const std::string& request_id, const HubResult<uint64_t>& version) {
  if (!version) return send_twin_error(request_id, version.error());
  send_twin_response(204, request_id, *version, "");
}

void Connection::on_unknown_twin_request(const UnknownTwinTopic& topic, const wire::mqtt::Publish& publish) {
  begin_twin_request(publish);
  end_twin_request(publish.packet_id);
  send_twin_error(topic.request_id, {hub::ErrorCode::kArgumentInvalid, "The twin request is not understood"});
}

// Always with QoS 0 (§2.14), and only to who has subscribed to responses.
void Connection::send_twin_response(int status, std::string_view request_id, std::optional<uint64_t> version,
                                    std::string_view body) {
  if (!subscribed_qos(session_.subscriptions(), Filter::kTwinResponses)) return;
  std::string topic = "$iothub/twin/res/" + std::to_string(status) + "/?$rid=" + std::string(request_id);
  if (version) topic += "&$version=" + std::to_string(*version);
  wire::mqtt::Publish publish;
  publish.topic = topic;
  publish.payload = body;
  std::string& out = scratch().out;
  out.clear();
  // The only thing that can be too long is a request id that nearly filled the topic of the request.
  if (!wire::mqtt::append_publish(out, publish)) return close(CloseCause::kTopic);
  transport_->send(out);
}

void Connection::send_twin_error(std::string_view request_id, const hub::Error& error) {
  log::write_limited(log::Level::kInfo, log::Category::kD2CTwinOperations, hub::row(error.code).name,
                     "twin request refused",
                     {{"deviceId", origin_.identity.text()}, {"error", hub::row(error.code).name}});
  send_twin_response(hub::row(error.code).http_status, request_id, {},
                     hub::device_error_text(error, shard_.clock.utc()));
}

void Connection::on_desired_changed(const hub::DesiredChange& change) {
  if (phase_ != Phase::kOpen) return;
  if (held_) {
    held_->add(change);
  } else {
    send_desired(change);
  }
}

void Connection::send_desired(const hub::DesiredChange& change) {
  const auto qos = subscribed_qos(session_.subscriptions(), Filter::kDesiredProperties);
  if (!qos) return;
  const std::string topic = "$iothub/twin/PATCH/properties/desired/?$version=" + std::to_string(change.version);
  wire::mqtt::Publish publish;
  publish.topic = topic;
  publish.payload = change.body;
  publish.qos = *qos;
  if (*qos == Qos::kAtLeastOnce) {
    if (++last_packet_id_ == 0) ++last_packet_id_;
    publish.packet_id = last_packet_id_;
  }
  std::string& out = scratch().out;
  out.clear();
  if (wire::mqtt::append_publish(out, publish)) transport_->send(out);
}

void Connection::send_held_changes() {
  if (!held_ || !subscribed_qos(session_.subscriptions(), Filter::kDesiredProperties)) return;
  const std::unique_ptr<hub::HeldChanges> held = std::move(held_);
  for (const hub::DesiredChange& change : held->changes()) send_desired(change);
  if (!held->overflowed()) return;
  services().twins.get_desired(twin_caller(), shard_.executor,
                               if_alive([](Connection& self, const HubResult<hub::DesiredChange>& whole) {
                                 if (whole) self.send_desired(*whole);
                               }));
}

}  // namespace nave::front::mqtt
