#include "front/mqtt/admission.h"

#include "front/mqtt/username.h"

namespace nave::front::mqtt {
namespace {

using wire::mqtt::Connect;
using wire::mqtt::ConnectCode;

auto refused(const char* why) {
  return fail(Refusal{.code = ConnectCode::kNotAuthorized, .why = why});
}

}  // namespace

ConnectCode connect_code(hub::ErrorCode code) {
  const bool passes = hub::row(code).mqtt == hub::MqttReaction::kRefuse3;
  return passes ? ConnectCode::kServerUnavailable : ConnectCode::kNotAuthorized;
}

Result<Admission, Refusal> admit(const Connect& connect, const MqttServices& services) {
  if (!connect.username) return refused("the user name is missing");
  auto username = parse_username(*connect.username);
  if (!username) return refused("the user name is malformed");
  if (!services.hub.is_own_host(username->host)) return refused("the user name is for another host");
  if (connect.client_id != username->identity.text()) return refused("client id and user name differ");
  if (username->has_auth_chain) return refused("connections on behalf of another device are not accepted");
  if (!connect.password || connect.password->empty()) return refused("no token was given");

  auto grant = services.authenticator.device(username->identity, *connect.password);
  if (!grant) return fail(Refusal{.code = connect_code(grant.error().code), .why = grant.error().message});
  if (services.faults != nullptr && services.faults->refuses_login(username->identity)) {
    return refused("the device asked for a fault: unauthorized");
  }
  return Admission{.grant = *std::move(grant),
                   .model_id = std::move(username->model_id),
                   .api_version = std::move(username->api_version),
                   .client_type = std::move(username->client_type)};
}

bool still_admitted(const hub::DeviceGrant& grant, const MqttServices& services) {
  const auto identity = services.store.find(grant.identity.key);
  // A generation is one life of the identity: a namesake that was created since is somebody else.
  return identity && identity->generation_id == grant.identity.generation_id &&
         services.authenticator.still_stands(grant.credential, *identity);
}

}  // namespace nave::front::mqtt
