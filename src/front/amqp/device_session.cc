#include "front/amqp/device_session.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/url.h"
#include "front/amqp/connection.h"
#include "front/amqp/device_link.h"
#include "front/amqp/errors.h"

namespace nave::front::amqp {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::HubResult;

// The last activity of an identity is kept by the second.
constexpr int64_t kActivityResolutionMs = 1000;

std::vector<std::string_view> resource_of(const IdentityKey& key) {
  if (key.is_module()) return {"devices", key.device, "modules", key.module};
  return {"devices", key.device};
}

// What the peer has proven, held against the registry as it is now: its token may have come long before the link.
HubResult<hub::DeviceGrant> admit(Connection& connection, const IdentityKey& key) {
  const hub::Authenticator& authenticator = connection.front().authenticator;
  if (const hub::DeviceGrant* own = connection.grants().device(key)) {
    auto grant = authenticator.renewed(*own);
    if (grant) return grant;
  }
  const hub::ServiceGrant* policy = connection.grants().service(auth::Right::kDeviceConnect, resource_of(key));
  if (policy == nullptr)
    return fail(Error(ErrorCode::kIotHubUnauthorizedAccess, "no valid token for the identity was put"));
  return authenticator.device_by_policy(key, *policy);
}

// Any link may name the model; empty if this one does not (reference/amqp.md §4).
HubResult<std::string> model_id_of(const wire::amqp::Link& link) {
  const wire::amqp::Value* value = link.attach().properties.find("com.microsoft:model-id");
  if (value == nullptr || value->is_null()) return std::string();
  const auto text = value->as_text();
  if (!text || text->size() > limits::kModelIdBytesMax || !is_valid_utf8(*text))
    return fail(Error(ErrorCode::kArgumentInvalid, "The model id is not valid."));
  return std::string(*text);
}

struct Ending {
  wire::amqp::Error error;
  std::string_view reason;  // for the log
};

Ending ending_of(hub::EndReason reason, UtcTime now) {
  switch (reason) {
    case hub::EndReason::kTakenOver:
      return {make_error(ErrorCode::kConnectionForcefullyClosedOnNewConnection, now), "taken_over"};
    case hub::EndReason::kIdentityDeleted:
      return {make_error(wire::amqp::condition::kNotFound, "The identity was deleted.", now), "identity_deleted"};
    case hub::EndReason::kIdentityDisabled:
      return {make_error(wire::amqp::condition::kNotAllowed, "The device is disabled.", now), "identity_disabled"};
    case hub::EndReason::kCredentialsChanged:
      return {make_error(ErrorCode::kIotHubUnauthorizedAccess, now), "credentials_changed"};
    case hub::EndReason::kTokenExpired:
      return {make_error(ErrorCode::kIotHubUnauthorizedAccess, now), "token_expired"};
    case hub::EndReason::kShutdown:
      break;
  }
  return {make_error(wire::amqp::condition::kDetachForced, "The hub is shutting down.", now), "shutdown"};
}

}  // namespace

DeviceServices::DeviceServices(hub::SessionDirectory& sessions, hub::TwinService& twin_service,
                               const hub::HubInfo& hub_info, Metrics& metrics)
    : directory(sessions),
      twins(twin_service),
      hub(hub_info),
      devices(metrics.gauge("nave_amqp_devices", "Devices and modules connected over AMQP.")) {}

HubResult<std::shared_ptr<DeviceSession>> DeviceSession::join(Connection& connection, const DeviceServices& services,
                                                              const IdentityKey& key, const wire::amqp::Link& link) {
  auto model_id = model_id_of(link);
  if (!model_id) return fail(std::move(model_id.error()));
  auto grant = admit(connection, key);
  if (!grant) return fail(std::move(grant.error()));
  if (services.faults != nullptr && services.faults->refuses_login(key))
    return fail(Error(ErrorCode::kIotHubUnauthorizedAccess, "the device asked for a fault: unauthorized"));

  std::shared_ptr<DeviceSession> session;
  bool connects = false;
  const auto known = connection.devices().find(key);
  // A namesake's session may still wait to be told that its identity was deleted.
  if (known != connection.devices().end() && known->second->origin_.generation_id == grant->identity.generation_id) {
    session = known->second->shared_from_this();
  } else {
    session = std::make_shared<DeviceSession>(connection, services, *grant);
    session->claim();
    connects = true;
    // From here on a change in the registry finds the session; one that came a moment earlier is looked for now.
    if (auto still = admit(connection, key); !still) {
      session->retire();
      return fail(std::move(still.error()));
    }
  }
  session->links_.push_back(link.id());
  // The twin's model is that of the last connect: one that names none takes it away.
  if (connects || !model_id->empty()) session->set_model_id(*std::move(model_id));
  return session;
}

DeviceSession::DeviceSession(Connection& connection, const DeviceServices& services, const hub::DeviceGrant& grant)
    : connection_(connection),
      services_(services),
      origin_(hub::telemetry_origin(grant, hub::partition_of(grant.identity.key.device, services.hub.partition_count))),
      noted_ms_(connection.shard().clock.steady_ms()) {}

DeviceSession::~DeviceSession() {
  retire();
}

void DeviceSession::claim() {
  session_link_ = std::make_shared<hub::SessionLink>(connection_.shard().executor, *this);
  claim_ = services_.directory.claim(key(), session_link_);
  connection_.devices().insert_or_assign(key(), this);
  services_.devices.add(1);
  log::write_limited(log::Level::kDebug, log::Category::kConnections, "amqp.device", "AMQP device connected",
                     {{"deviceId", key().text()}, {"address", connection_.peer().address}});
}

// What the device asks of its twin from now on comes after this write.
void DeviceSession::set_model_id(std::string model_id) {
  origin_.model_id = std::move(model_id);
  if (services_.twins.has_model_id(caller(), origin_.model_id)) return;
  services_.twins.set_model_id(caller(), origin_.model_id, connection_.shard().executor, [](const HubResult<bool>&) {});
}

void DeviceSession::retire() {
  if (!session_link_) return;
  session_link_->session = nullptr;
  session_link_.reset();
  services_.directory.release(key(), claim_);
  services_.devices.add(-1);
  const auto own = connection_.devices().find(key());
  if (own != connection_.devices().end() && own->second == this) connection_.devices().erase(own);
}

void DeviceSession::leave(wire::amqp::LinkId link) {
  std::erase(links_, link);
  twin_.remove(link);
  methods_.remove(link);
  c2d_.remove(link);
  if (links_.empty()) retire();
}

bool DeviceSession::authorized(const Grants& grants) const {
  return grants.device(key()) != nullptr || grants.service(auth::Right::kDeviceConnect, resource_of(key())) != nullptr;
}

bool DeviceSession::still_authorized(const hub::Identity& identity) const {
  const hub::Authenticator& authenticator = connection_.front().authenticator;
  if (const hub::DeviceGrant* own = connection_.grants().device(key());
      own != nullptr && authenticator.still_stands(own->credential, identity)) {
    return true;
  }
  const hub::ServiceGrant* policy = connection_.grants().service(auth::Right::kDeviceConnect, resource_of(key()));
  return policy != nullptr && authenticator.still_stands(policy->credential, identity);
}

void DeviceSession::note_activity() {
  const int64_t now = connection_.shard().clock.steady_ms();
  if (now - noted_ms_ < kActivityResolutionMs) return;
  noted_ms_ = now;
  services_.directory.touch(key());
}

DeviceLink* DeviceSession::device_link(wire::amqp::LinkId link) const {
  return static_cast<DeviceLink*>(connection_.handler(link));
}

void DeviceSession::on_desired_changed(const hub::DesiredChange& change) {
  DeviceLink* const out = device_link(twin_.to_device());
  if (out == nullptr) return;
  out->on_desired_changed(change);
  connection_.flush();
}

void DeviceSession::on_c2d_available() {
  DeviceLink* const out = device_link(c2d_.to_device());
  if (out == nullptr) return;
  out->on_c2d_available();
  connection_.flush();
}

hub::MethodDelivery DeviceSession::deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) {
  DeviceLink* const out = device_link(methods_.to_device());
  if (out == nullptr) return hub::MethodDelivery::kNotReady;
  const hub::MethodDelivery delivery = out->deliver_method(command, reply);
  connection_.flush();
  return delivery;
}

void DeviceSession::end(hub::EndReason reason) {
  const auto self = shared_from_this();  // the handlers let go of it below
  const Ending ending = ending_of(reason, connection_.utc());
  log::write_limited(log::Level::kInfo, log::Category::kConnections, ending.reason, "AMQP device ended",
                     {{"deviceId", key().text()}, {"reason", ending.reason}});
  detach_links(ending.error);
  retire();
  connection_.flush();
}

void DeviceSession::detach_links(const wire::amqp::Error& error) {
  for (const wire::amqp::LinkId id : std::vector(links_)) connection_.detach(id, error);
}

}  // namespace nave::front::amqp
