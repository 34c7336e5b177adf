#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "front/mqtt/connection.h"

namespace nave::front::mqtt {
namespace {

using wire::mqtt::ConnectCode;

// 1.5 times what the client promised, never longer than the server's own maximum, which also holds for a client that
// promised nothing (reference/device-mqtt-https.md §2.10).
int64_t keep_alive_window_ms(uint16_t keep_alive_s) {
  if (keep_alive_s == 0) return limits::kMqttKeepAliveServerMsMax;
  return std::min(int64_t{keep_alive_s} * 1500, limits::kMqttKeepAliveServerMsMax);
}

}  // namespace

void Connection::on_connect(const wire::mqtt::Connect& connect) {
  auto admission = admit(connect, services());
  if (!admission) return refuse(admission.error().code, connect.client_id, admission.error().why);
  origin_.identity = admission->grant.identity.key;
  link_ = std::make_shared<hub::SessionLink>(shard_.executor, *this);
  claim_ = services().directory.claim(origin_.identity, link_);
  // From here on a change in the registry finds this session; one that came a moment earlier is looked for now.
  if (!still_admitted(admission->grant, services())) {
    return refuse(ConnectCode::kNotAuthorized, connect.client_id, "the identity has just changed");
  }
  enter(*std::move(admission));
  keep_alive_ms_ = keep_alive_window_ms(connect.keep_alive_s);
  if (connect.will) will_ = Will::make(*connect.will, origin_.identity);
  note_model_id(connect.clean_session);
}

void Connection::enter(Admission admission) {
  hub::DeviceGrant& grant = admission.grant;
  origin_ = hub::telemetry_origin(grant, ingest().partition_of_device(origin_.identity.device));
  origin_.model_id = std::move(admission.model_id);
  credential_ = std::move(grant.credential);
  sink_ = ingest().attach(*this);
  log::write_limited(log::Level::kDebug, log::Category::kConnections, "mqtt.connect", "MQTT client authenticated",
                     {{"deviceId", origin_.identity.text()},
                      {"address", transport_->peer().address},
                      {"apiVersion", admission.api_version},
                      {"clientType", admission.client_type}});
}

// The twin shows the model of the last connect, so who sees a device connected sees its model too.
void Connection::note_model_id(bool clean) {
  if (services().twins.has_model_id(twin_caller(), origin_.model_id)) return begin_session(clean);
  phase_ = Phase::kOpening;
  services().twins.set_model_id(
      twin_caller(), origin_.model_id, shard_.executor, [link = link_, clean](const hub::HubResult<bool>& stored) {
        if (link->session == nullptr) return;
        static_cast<Connection*>(link->session)->on_model_id_stored(clean, stored.has_value());
      });
}

void Connection::on_model_id_stored(bool clean, bool ok) {
  if (!ok) return refuse(ConnectCode::kServerUnavailable, origin_.identity.text(), "the model id could not be stored");
  begin_session(clean);
  if (phase_ == Phase::kOpen) decode_packets();
}

void Connection::begin_session(bool clean) {
  const auto stored = services().store.load_mqtt_session(origin_.identity);
  if (!clean) {
    session_.begin_durable(stored);
    return accept(stored.has_value());
  }
  if (!stored) return accept(false);
  // A client that has seen its CONNACK must never meet the old session again, not even after a crash.
  phase_ = Phase::kOpening;
  store_session({});
}

void Connection::accept(bool session_present) {
  phase_ = Phase::kOpen;
  decoder_.set_packet_bytes_max(limits::kMqttPacketBytesMax);
  std::string& out = scratch().out;
  out.clear();
  wire::mqtt::append_connack(out, ConnectCode::kAccepted, session_present);
  transport_->send(out);
  shared_->counters.count_connect(ConnectCode::kAccepted);
  last_packet_ms_ = last_noted_ms_ = shard_.timers.now_ms();
  arm_deadline();
  update_deliveries();
}

// Always with a CONNACK before the close: clients take a mere close for a network fault and keep trying (§2.7).
void Connection::refuse(ConnectCode code, std::string_view client_id, std::string_view why) {
  std::string& out = scratch().out;
  out.clear();
  wire::mqtt::append_connack(out, code, false);
  transport_->send(out);
  shared_->counters.count_connect(code);
  log::write_limited(log::Level::kWarning, log::Category::kConnections, "mqtt.refuse", "MQTT connection refused",
                     {{"clientId", client_id.substr(0, 2 * limits::kIdCharsMax + 1)},
                      {"address", transport_->peer().address},
                      {"code", static_cast<int>(code)},
                      {"why", why}});
  close(CloseCause::kRefused);
}

}  // namespace nave::front::mqtt
